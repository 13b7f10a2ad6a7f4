package data

import (
	"slices"
	"strconv"
	"strings"
)

// counts says whether a column counts the rows, from 0 or 1.
func (tb *table) counts(c int) bool {
	first := 0
	for r := range tb.numRows() {
		n, err := strconv.Atoi(tb.cell(r, c))
		if r == 0 {
			first = n
		}
		if err != nil || n != first+r || first != 0 && first != 1 {
			return false
		}
	}
	return tb.numRows() > 0
}

// indexNames are names of columns in which programs count the rows, in small letters.
var indexNames = map[string]bool{"": true, "unnamed: 0": true, "index": true, "idx": true, "row": true, "no": true, "no.": true, "nr": true, "nr.": true, "#": true, "id": true, "obs": true, "rownames": true, "...1": true}

// dropIndex leaves out a first column that counts the rows, as pandas and R write it, if another one is the time. One without name that increases otherwise is the
// time, if no other is.
func (tb *table) dropIndex(opt ReadOptions) error {
	if i := slices.Index(tb.names, "__index_level_0__"); i >= 0 && len(tb.names) > 1 && tb.counts(i) { // pandas, in Parquet
		drop := make([]bool, len(tb.header))
		drop[i] = true
		tb.drop(drop)
		tb.say("the index of pandas was left out")
		return nil
	}
	if len(tb.names) < 2 || !indexNames[strings.ToLower(tb.names[0])] || tb.headerLine == 0 && tb.format != parquetFormat {
		return nil
	}
	asked := map[string]bool{}
	for _, names := range [][]string{{opt.Time}, opt.States, opt.Ignore, opt.Trajectory, opt.Long} {
		for _, n := range names {
			asked[n] = true
		}
	}
	if tb.names[0] != "" && asked[tb.names[0]] {
		return nil
	}
	timed := opt.Time != ""
	for c := 1; c < len(tb.names) && !timed; c++ {
		_, _, sure := timeName(tb.names[c], tb.units[c])
		timed = sure != notTime
	}
	switch {
	case timed && tb.counts(0):
		drop := make([]bool, len(tb.header))
		drop[0] = true
		what := "the first column"
		if tb.names[0] != "" {
			what += ", " + tb.names[0] + ","
		}
		tb.drop(drop)
		tb.say("%s counts the rows and was left out", what)
	case !timed && tb.names[0] == "" && tb.counts(0):
		return tb.fail(-1, 0, "the column has no name: it may be the time, or count the rows", "name the time column in the header")
	case !timed && tb.names[0] == "":
		for r := range tb.numRows() {
			if !isTimeCell(tb.cell(r, 0)) {
				return nil
			}
		}
		tb.header[0], tb.names[0] = "t", "t"
		if slices.Contains(tb.names[1:], "t") {
			return nil
		}
		tb.say("the first column, which has no name, is the time")
	}
	return nil
}
