package data

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// numberStyle says how a number marks its fraction, if it does.
type numberStyle int

const (
	plain numberStyle = iota
	pointed
	commaed
)

// Reasons for which a cell is not a number.
var (
	errText     = errors.New("is not a number")
	errInfinite = errors.New("is infinite")
	errHuge     = errors.New("is too large for a number of double precision")
)

// parseNumber reads a cell. Missing values are NaN. It takes less than strconv does (no hexadecimal digits, no
// underscores) and more (a decimal comma, exponents marked D).
func parseNumber(cell string) (x float64, style numberStyle, err error) {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return math.NaN(), plain, nil
	}
	unsigned := cell
	if cell[0] == '+' || cell[0] == '-' {
		unsigned = cell[1:]
	}
	switch strings.ToLower(unsigned) {
	case "nan", "na":
		return math.NaN(), plain, nil
	case "inf", "infinity", "∞", "1.#inf":
		return 0, plain, errInfinite
	}
	b := []byte(cell)
	for i, c := range b {
		switch {
		case '0' <= c && c <= '9', c == '+', c == '-', c == 'e', c == 'E':
		case c == 'd' || c == 'D':
			b[i] = 'e'
		case c == '.' && style == plain:
			style = pointed
		case c == ',' && style == plain:
			style = commaed
			b[i] = '.'
		default:
			return 0, plain, errText
		}
	}
	x, err = strconv.ParseFloat(string(b), 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, style, errHuge
	}
	if err != nil {
		return 0, plain, errText
	}
	return x, style, nil
}
