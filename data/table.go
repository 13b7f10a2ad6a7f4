package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is a file's text cut into cells, every row as long as the header, with the lines the rows began on.
type table struct {
	file       string
	comma      byte
	header     []string
	headerLine int
	rows       [][]string
	lines      []int
}

// maxShown is the length of the longest name that messages show in full.
const maxShown = 80

// fail makes an error at a cell; row −1 is the header, column −1 none.
func (tb *table) fail(row, col int, msg, remedy string) *Error {
	e := &Error{File: tb.file, Line: tb.headerLine, Msg: msg, Remedy: remedy}
	if row >= 0 {
		e.Line = tb.lines[row]
	}
	if col >= 0 {
		name, _ := splitUnit(tb.header[col])
		if name == "" || len(name) > maxShown {
			name = fmt.Sprint(col + 1)
		}
		e.Column = name
	}
	return e
}

func readTable(r io.Reader, file string) (*table, error) {
	raw, err := readAll(r, file)
	if err != nil {
		return nil, err
	}
	return parseTable(raw, file)
}

func parseTable(raw []byte, file string) (*table, error) {
	text, err := decode(raw, file)
	if err != nil {
		return nil, err
	}
	text, skipped := skipComments(text)
	if strings.TrimSpace(text) == "" {
		return nil, &Error{File: file, Msg: "the file is empty", Remedy: "it needs a header that names the columns, and rows of numbers"}
	}

	tb := &table{file: file, comma: separator(text)}
	cr := csv.NewReader(strings.NewReader(text))
	cr.Comma = rune(tb.comma)
	cr.FieldsPerRecord = -1
	cr.TrimLeadingSpace = tb.comma != '\t' // with tabs it would swallow empty cells
	for {
		rec, err := cr.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, syntaxError(err, file, skipped)
		}
		line, _ := cr.FieldPos(0)
		line += skipped
		if tb.header == nil {
			tb.header, tb.headerLine = rec, line
			continue
		}
		if allEmpty(rec) {
			continue
		}
		if len(rec) != len(tb.header) {
			e := &Error{File: file, Line: line, Msg: fmt.Sprintf("the row has %d cells, the header %d", len(rec), len(tb.header)), Remedy: "every row needs one cell for each column, empty where a value is missing"}
			if len(rec) > len(tb.header) {
				e.Column = fmt.Sprint(len(tb.header) + 1)
				if tb.comma == ',' {
					e.Remedy += "; numbers with a decimal comma need semicolons between the cells"
				}
			} else {
				e.Column = fmt.Sprint(len(rec) + 1)
			}
			return nil, e
		}
		tb.rows, tb.lines = append(tb.rows, rec), append(tb.lines, line)
	}
	tb.dropEmptyColumns()
	return tb, nil
}

// decode turns the bytes of a file into UTF-8 text with ordinary line endings.
func decode(raw []byte, file string) (string, error) {
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		return "", &Error{File: file, Msg: "the file is UTF-16 text", Remedy: "save it as UTF-8 (in spreadsheets: CSV UTF-8)"}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return "", &Error{File: file, Line: 1 + bytes.Count(raw[:i], []byte("\n")), Msg: "there is a NUL byte: this is not a text file", Remedy: "save the data as CSV text"}
	}
	if bytes.IndexByte(raw, '\n') < 0 { // the line ending of old Macintosh programs
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	if !utf8.Valid(raw) {
		line := 1
		for rest := raw; ; line++ {
			head, tail, more := bytes.Cut(rest, []byte("\n"))
			if !utf8.Valid(head) || !more {
				break
			}
			rest = tail
		}
		return "", &Error{File: file, Line: line, Msg: "there are characters that are not UTF-8", Remedy: "save the file as UTF-8 (in spreadsheets: CSV UTF-8)"}
	}
	return string(raw), nil
}

// skipComments drops blank lines and lines that begin with # before the header, and returns how many. Further down such
// a line is data: a trajectory may well be named "#1".
func skipComments(text string) (string, int) {
	skipped := 0
	for text != "" {
		head, tail, _ := strings.Cut(text, "\n")
		if h := strings.TrimSpace(head); h != "" && h[0] != '#' {
			break
		}
		text = tail
		skipped++
	}
	return text, skipped
}

// separator decides what separates the cells: of the characters that occur in the header, the one which cuts the first
// row into as many cells as the header, and into the most. A header without any has one cell.
func separator(text string) byte {
	header, rest := logicalLine(text)
	first, _ := logicalLine(strings.TrimLeft(rest, "\r\n"))
	best, bestScore := byte(','), -1
	for _, c := range []byte{'\t', ';', ','} { // in the order in which they are least likely to be part of a name
		n := countUnquoted(header, c)
		if n == 0 {
			continue
		}
		score := n
		if countUnquoted(first, c) == n {
			score += len(text)
		}
		if score > bestScore {
			best, bestScore = c, score
		}
	}
	return best
}

// logicalLine cuts text after the first line break that is not inside quotes.
func logicalLine(text string) (line, rest string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			quoted = !quoted
		case '\n':
			if !quoted {
				return text[:i], text[i+1:]
			}
		}
	}
	return text, ""
}

func countUnquoted(line string, c byte) int {
	n, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == c && !quoted:
			n++
		}
	}
	return n
}

// dropEmptyColumns removes columns without name and content, which a separator at the end of every line leaves behind.
func (tb *table) dropEmptyColumns() {
	keep := make([]int, 0, len(tb.header))
	for c, name := range tb.header {
		empty := strings.TrimSpace(name) == ""
		for r := 0; empty && r < len(tb.rows); r++ {
			empty = strings.TrimSpace(tb.rows[r][c]) == ""
		}
		if !empty {
			keep = append(keep, c)
		}
	}
	if len(keep) == len(tb.header) {
		return
	}
	pick := func(rec []string) []string {
		for i, c := range keep {
			rec[i] = rec[c]
		}
		return rec[:len(keep)]
	}
	tb.header = pick(tb.header)
	for r := range tb.rows {
		tb.rows[r] = pick(tb.rows[r])
	}
}

func allEmpty(rec []string) bool {
	for _, c := range rec {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func syntaxError(err error, file string, skipped int) error {
	e := &Error{File: file, Msg: err.Error(), Err: err}
	var p *csv.ParseError
	if errors.As(err, &p) {
		e.Line, e.Msg = p.Line+skipped, p.Err.Error()
		if errors.Is(p.Err, csv.ErrQuote) || errors.Is(p.Err, csv.ErrBareQuote) {
			e.Line = p.StartLine + skipped
			e.Msg = "there is a quotation mark in the wrong place, or one that is never closed"
			e.Remedy = "a quoted cell begins and ends with \", and a mark inside it is written \"\""
		}
	}
	return e
}

// splitUnit takes "y1 [mol/L]" apart. An empty unit, "a [b] []", lets a name end with a bracket.
func splitUnit(cell string) (name, unit string) {
	cell = cleanName(cell)
	if strings.HasSuffix(cell, "]") {
		if i := strings.LastIndexByte(cell, '['); i > 0 {
			return strings.TrimSpace(cell[:i]), strings.TrimSpace(cell[i+1 : len(cell)-1])
		}
	}
	return cell, ""
}
