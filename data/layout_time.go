package data

import (
	"fmt"
	"slices"
	"strings"
)

// timeColumn finds the time by its name. Of columns whose names are equally sure, none is taken.
func (tb *table) timeColumn(opt ReadOptions) (int, error) {
	if tb.headerLine == 0 && tb.format != parquetFormat {
		return tb.firstTime(opt)
	}
	if opt.Time != "" {
		c := tb.finder()(opt.Time)
		if c < 0 {
			return -1, unknownName(tb.file, opt.Time, "--time", tb.names)
		}
		tb.splitTime(c)
		return c, nil
	}
	var found [unitTime + 1][]int
	for c, name := range tb.names {
		if _, _, sure := timeName(name, tb.units[c]); sure != notTime {
			found[sure] = append(found[sure], c)
		}
	}
	named := append(slices.Clone(found[surelyTime]), found[namedTime]...)
	slices.Sort(named)
	if len(named) == 0 {
		named = found[unitTime]
	}
	if len(named) > 1 {
		return -1, tb.fail(-1, named[1], fmt.Sprintf("columns %d and %d could both be the time", named[0]+1, named[1]+1), "say which it is with --time, and leave the other out with --ignore")
	}
	if len(named) == 0 {
		return -1, nil
	}
	c := named[0]
	if cell := cleanName(tb.header[c]); !isTime(tb.names[c]) {
		if name, _ := splitRoundUnit(cell); !isTime(name) {
			tb.say("the time is the column %s", cell)
		}
	}
	tb.splitTime(c)
	return c, nil
}

// splitTime keeps the unit of the time apart from its name.
func (tb *table) splitTime(c int) {
	if name, unit, sure := timeName(tb.names[c], tb.units[c]); sure != notTime {
		tb.names[c], tb.units[c] = name, unit
	}
}

// firstTime is the time of a file without header: the first column, if it can be nothing else, or the one whose number is given.
func (tb *table) firstTime(opt ReadOptions) (int, error) {
	if c, ok := columnNumber(opt.Time, len(tb.header)); ok {
		tb.say("there is no header: the columns are %s", list(tb.names))
		return c, nil
	}
	const remedy = "put a header above it, such as t,y1,y2"
	numbers := func(why, more string) error {
		return &Error{File: tb.file, Line: tb.lines[0], Msg: "the first line holds numbers instead of names" + why, Remedy: remedy + more}
	}
	if tb.numRows() == 0 {
		return -1, &Error{File: tb.file, Msg: "there are no rows", Remedy: remedy}
	}
	if tb.numRows() < 3 || len(tb.header) < 2 {
		return -1, numbers("", ", and rows of equal length below it")
	}
	increases := func(c int) bool {
		last, from := 0.0, 0
		for r := range tb.numRows() {
			x, _, err := parseNumber(tb.cell(r, c))
			if err != nil || r > from && !(x > last) || x != x {
				return false
			}
			last = x
		}
		return true
	}
	const byNumber = ", or give the number of the time column: --time 1"
	if !increases(0) {
		return -1, numbers(", and the first column does not increase as a time would", byNumber+" for the first")
	}
	if tb.counts(0) && len(tb.header) > 2 && increases(1) {
		if x, _, err := parseNumber(tb.cell(0, 1)); err == nil && x == 0 {
			return -1, numbers(", and the first column may count the rows or be the time", byNumber+" or --time 2")
		}
	}
	tb.say("there is no header: the first column, which increases, is the time, and the others are %s", list(tb.names[1:]))
	return 0, nil
}

// noTime words the complaint that no column is the time.
func (tb *table) noTime() error {
	if len(tb.names) == 1 && strings.ContainsAny(tb.names[0], " ,;|") {
		return tb.fail(-1, -1, fmt.Sprintf("the header %s was read as one single name", quote(tb.names[0])), "separate the cells by commas, semicolons or tabs")
	}
	return tb.fail(-1, -1, "there is no time column: no column is called t or time", "say which it is with --time; the columns are: "+list(tb.names))
}
