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
	errCensored = errors.New("is a censored value: it says that the number lies beyond a limit, not what it is")
	errOverflow = errors.New("is what Fortran writes where a number has no room")
	errInfinite = errors.New("is infinite")
	errHuge     = errors.New("is too large for a number of double precision")
)

// missingCodes are what programs write where there is no value, in small letters and without sign.
var missingCodes = map[string]bool{
	"nan": true, "na": true, ".": true, "#n/a": true, "#na": true, "n/a": true, "null": true, "none": true, "nil": true, "<na>": true, "nat": true, "#n/a n/a": true,
	"nan(ind)": true, "nan(snan)": true, "1.#ind": true, "1.#ind00": true, "1.#qnan": true, "1.#qnan0": true, "1.#snan": true, "missing": true,
}

// isMissing says whether a cell stands for a value that was not observed.
func isMissing(cell string) bool {
	const longest = 10
	cell = strings.TrimSpace(cell)
	if cell != "" && (cell[0] == '+' || cell[0] == '-') {
		cell = cell[1:]
		if cell == "" {
			return false
		}
	}
	return cell == "" || len(cell) <= longest && missingCodes[strings.ToLower(cell)]
}

// parseNumber reads a cell. Missing values are NaN. It takes less than strconv does (no hexadecimal digits, no
// underscores) and more (a decimal comma, exponents marked D or, as in Fortran's 1.5-101, not at all, the sign −).
func parseNumber(cell string) (x float64, style numberStyle, err error) {
	if len(cell) > 0 && len(cell) < 64 { // what nearly all cells are
		if x, style, ok := plainNumber(cell); ok {
			return x, style, nil
		}
	}
	cell = strings.TrimSpace(cell)
	if isMissing(cell) {
		return math.NaN(), plain, nil
	}
	if rest, ok := strings.CutPrefix(cell, "−"); ok {
		cell = "-" + rest
	}
	unsigned := cell
	if cell[0] == '+' || cell[0] == '-' {
		unsigned = cell[1:]
	}
	switch strings.ToLower(unsigned) {
	case "inf", "infinity", "∞", "1.#inf", "1.#inf00":
		return 0, plain, errInfinite
	case "bdl", "bql", "blq", "bloq", "lloq", "<lod", "<loq", "nd", "n.d.", "n.n.":
		return 0, plain, errCensored
	}
	if strings.ContainsAny(cell[:1], "<>") || strings.HasPrefix(cell, "≤") || strings.HasPrefix(cell, "≥") {
		return 0, plain, errCensored
	}
	if strings.Trim(cell, "*") == "" {
		return 0, plain, errOverflow
	}
	return oddNumber(cell)
}

// plainNumber reads what strconv reads: digits, one point, an exponent.
func plainNumber(cell string) (float64, numberStyle, bool) {
	style := plain
	for i := 0; i < len(cell); i++ {
		switch c := cell[i]; {
		case '0' <= c && c <= '9', c == '+', c == '-', c == 'e', c == 'E':
		case c == '.':
			style = pointed
		default:
			return 0, plain, false
		}
	}
	x, err := strconv.ParseFloat(cell, 64)
	return x, style, err == nil
}

func oddNumber(cell string) (x float64, style numberStyle, err error) {
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
	text := string(b)
	if i := strings.LastIndexAny(text, "+-"); i > 0 && '0' <= text[i-1] && text[i-1] <= '9' && !strings.ContainsAny(text, "eE") && style != plain {
		text = text[:i] + "e" + text[i:]
	}
	x, err = strconv.ParseFloat(text, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, style, errHuge
	}
	if err != nil {
		return 0, plain, errText
	}
	return x, style, nil
}
