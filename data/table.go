package data

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is a file's text cut into cells, every row as long as the header, with the lines the rows began on.
type table struct {
	file       string
	comma      byte // what separates the cells
	header     []string
	headerLine int // 0 if the file has no header, and the names are made up
	names      []string
	units      []string
	cells      []string // row by row
	lines      []int    // of the rows
	gaps       []int    // rows before which a blank line stands
	repeats    []int    // rows before which the header stands again
	how        []string // what was not plain in reading the file
	format     string   // text, or what it was wrapped in
	ctx        context.Context
}

// maxShown is the length of the longest name that messages show in full.
const maxShown = 80

// checkEvery is the number of rows after which a reader looks at its context: some milliseconds of work.
const checkEvery = 1 << 12

func (tb *table) numRows() int { return len(tb.lines) }

func (tb *table) cell(r, c int) string { return tb.cells[r*len(tb.header)+c] }

// say adds to what was not plain in reading the file.
func (tb *table) say(format string, args ...any) {
	tb.how = append(tb.how, fmt.Sprintf(format, args...))
}

// canceled returns the context's error every so many rows.
func (tb *table) canceled(row int) error {
	if row%checkEvery != 0 {
		return nil
	}
	return tb.ctx.Err()
}

// fail makes an error at a cell; row −1 is the header, column −1 none.
func (tb *table) fail(row, col int, msg, remedy string) *Error {
	e := &Error{File: tb.file, Line: tb.headerLine, Msg: msg, Remedy: remedy}
	if row >= 0 {
		e.Line = tb.lines[row]
	}
	if col >= 0 {
		name, _ := splitUnit(tb.header[col])
		if len(tb.names) > 0 {
			name = tb.names[col]
		}
		if name == "" || len(name) > maxShown {
			name = fmt.Sprint(col + 1)
		}
		e.Column = name
	}
	return e
}

// readTable reads a table from r; needTime says that it is no use without a time column.
func readTable(ctx context.Context, r io.Reader, file string, opt ReadOptions, needTime bool) (*table, error) {
	raw, err := readAll(ctx, r, file)
	if err != nil {
		return nil, err
	}
	return parseTable(ctx, raw, file, opt, needTime)
}

func parseTable(ctx context.Context, raw []byte, file string, opt ReadOptions, needTime bool) (*table, error) {
	raw, format, err := unwrap(ctx, raw, file)
	if err != nil {
		return nil, err
	}
	tb := &table{file: file, ctx: ctx, format: format}
	if bytes.HasPrefix(raw, []byte(parquetMagic)) {
		err = tb.readParquet(raw)
	} else {
		err = tb.readText(raw, opt, needTime)
	}
	if err != nil {
		return nil, err
	}
	tb.dropEmptyColumns()
	tb.names, tb.units = splitNames(tb.header)
	return tb, nil
}

func (tb *table) readText(raw []byte, opt ReadOptions, needTime bool) error {
	text, err := decode(raw, tb.file)
	if err != nil {
		return err
	}
	h, err := findHead(tb, text, opt, needTime)
	if err != nil {
		return err
	}
	if needTime && h.time < 0 && tb.header[0] != "" { // a first column without name may be the time: that is seen when the rows are known
		tb.names, tb.units = splitNames(tb.header)
		if opt.Time != "" {
			return unknownName(tb.file, opt.Time, "--time", tb.names)
		}
		return tb.noTime()
	}
	return tb.readBody(h)
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
	drop := make([]bool, len(tb.header))
	for c, name := range tb.header {
		empty := strings.TrimSpace(name) == ""
		for r := 0; empty && r < tb.numRows(); r++ {
			empty = strings.TrimSpace(tb.cell(r, c)) == ""
		}
		drop[c] = empty
	}
	tb.drop(drop)
}

// drop removes columns.
func (tb *table) drop(drop []bool) {
	if !slices.Contains(drop, true) {
		return
	}
	pick := func(dst, rec []string) []string {
		for c, cell := range rec {
			if !drop[c] {
				dst = append(dst, cell)
			}
		}
		return dst
	}
	rows, n := tb.numRows(), len(tb.header)
	cells := tb.cells[:0]
	for r := range rows {
		cells = pick(cells, tb.cells[r*n:(r+1)*n])
	}
	tb.cells = cells
	tb.header = pick(nil, tb.header)
	if len(tb.names) > 0 {
		tb.names, tb.units = pick(nil, tb.names), pick(nil, tb.units)
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
