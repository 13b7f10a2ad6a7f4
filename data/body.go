package data

import (
	"fmt"
	"slices"
	"strings"
)

// maxCells bounds the memory that a table takes.
const maxCells = 1 << 27

// body reads the rows below a header.
type body struct {
	tb      *table
	time    int
	gap     bool
	labels  [][]string // rows of text before the first row of numbers
	lines   []int      // of the labels
	odd     *Error     // of the first line that is no row, which may stand only at the end or before the header's next appearance
	text    string     // that line
	oddGap  bool       // it stands behind a blank line
	oddOK   bool       // every such line so far is a summary or prose
	oddRows int
	skipped int // comment lines
}

func (tb *table) readBody(h *head) error {
	b := &body{tb: tb, time: h.time}
	r := h.body
	var cells []string
	for n := 0; ; n++ {
		if n%checkEvery == 0 {
			if err := tb.ctx.Err(); err != nil {
				return err
			}
		}
		line, ok := r.line()
		if !ok {
			break
		}
		number := r.number
		if line == "" || strings.TrimSpace(line) == "" {
			b.gap = true
			continue
		}
		if b.isComment(line) {
			b.skipped++
			continue
		}
		whole, ok := r.complete(line)
		if ok {
			cells, ok = cut(cells[:0], whole, tb.comma)
		}
		if !ok {
			return tb.quoteError(number)
		}
		if tb.cells == nil { // room for rows of the length of the first
			size := (len(r.text)-r.pos)/(len(whole)+1) + 2
			tb.cells, tb.lines = make([]string, 0, min(size*len(cells), maxCells)), make([]int, 0, size)
		}
		if len(tb.cells)+len(cells) > maxCells {
			return &Error{File: tb.file, Line: number, Msg: fmt.Sprintf("there are more than %d cells", maxCells), Remedy: "leave out rows or columns, or split the file by trajectories"}
		}
		if err := b.take(cells, whole, number); err != nil {
			return err
		}
	}
	return b.end()
}

// isComment says whether a line is a comment. A row of the table may begin with such a mark too, where its first cell is a name, #1.
func (b *body) isComment(line string) bool {
	text := strings.TrimLeft(line, " \t")
	if text == "" || !strings.ContainsAny(text[:1], "#%/!") {
		return isRule(line)
	}
	if _, ok := comment(text); !ok {
		return false
	}
	cells, ok := cut(nil, line, b.tb.comma)
	return !ok || len(cells) == 0 || !(isMissing(cells[0]) || len(cells) == len(b.tb.header) && b.time > 0 && isTimeCell(cells[b.time]))
}

// take is given the cells of a line.
func (b *body) take(cells []string, line string, number int) error {
	tb := b.tb
	n := len(tb.header)
	gap := b.gap
	b.gap = false
	switch {
	case tb.numRows() == 0 && len(b.labels) == 0 && len(cells) == n+1 && b.surplus(cells, line):
		n++
	case tb.numRows() == 0 && len(b.labels) == 0 && len(cells) == n-1 && tb.header[n-1] == "":
		n--
		tb.header = tb.header[:n]
	case allEmpty(cells):
		b.gap = true
		return nil
	}
	if len(cells) == n && slices.Equal(cells, tb.header) && tb.headerLine > 0 {
		if tb.numRows() > 0 {
			tb.repeats = append(tb.repeats, tb.numRows())
		}
		b.gap = gap // an empty line above the header stands above its rows
		b.forgive()
		return nil
	}
	if len(cells) == n && !b.isSummary(cells) {
		if b.odd != nil {
			return b.odd
		}
		if tb.numRows() == 0 && b.time >= 0 && b.isLabel(cells) {
			b.labels, b.lines = append(b.labels, slices.Clone(cells)), append(b.lines, number)
			return nil
		}
		if err := b.settleLabels(); err != nil {
			return err
		}
		if gap && tb.numRows() > 0 {
			tb.gaps = append(tb.gaps, tb.numRows())
		}
		tb.cells, tb.lines = append(tb.cells, cells...), append(tb.lines, number)
		return nil
	}
	b.stray(cells, line, number, gap)
	if b.oddOK {
		return nil
	}
	return b.odd
}

// surplus accepts rows that are one cell longer than the header: with the name of the row in front, as R writes them, or a separator at the end.
func (b *body) surplus(cells []string, line string) bool {
	tb := b.tb
	switch {
	case cells[len(cells)-1] == "":
		tb.header = append(slices.Clone(tb.header), "")
	case strings.HasPrefix(strings.TrimSpace(line), `"`) || tb.comma == blank || tb.comma == '\t':
		if strings.Trim(cells[0], "0123456789") != "" || cells[0] == "" {
			return false
		}
		tb.header = append([]string{""}, tb.header...)
		if b.time >= 0 {
			b.time++
		}
	default:
		return false
	}
	return true
}

// isLabel says whether a row before the first one of numbers has text where the time would be: units, comments.
func (b *body) isLabel(cells []string) bool {
	const most = 4
	return len(b.labels) < most && b.tb.headerLine > 0 && !isTimeCell(cells[b.time])
}

// settleLabels takes units from the rows of text before the first row of numbers, or makes rows of them where there are no units.
func (b *body) settleLabels() error {
	tb := b.tb
	if len(b.labels) == 0 {
		return nil
	}
	labels, lines := b.labels, b.lines
	b.labels = nil
	for i, cells := range labels {
		if _, ok := timeUnitCell(cells[b.time]); ok {
			if err := tb.setUnits(cells, lines[i]); err != nil {
				return err
			}
			if len(labels) > 1 {
				tb.say("other lines of text below the header, %d, were passed over", len(labels)-1)
			}
			return nil
		}
	}
	for i, cells := range labels { // they will be complained of
		tb.cells, tb.lines = append(tb.cells, cells...), append(tb.lines, lines[i])
	}
	return nil
}

// setUnits takes the units of all columns from a row.
func (tb *table) setUnits(row []string, line int) error {
	tb.header = slices.Clone(tb.header)
	names, units := splitNames(tb.header)
	for c, cell := range row {
		u := unitCell(cell)
		switch {
		case u == "" || u == "-" || names[c] == "" || strings.ContainsAny(u, "[]"):
		case units[c] == "":
			tb.header[c] = names[c] + " [" + u + "]"
		case units[c] != u:
			return &Error{File: tb.file, Line: line, Column: names[c], Msg: fmt.Sprintf("the unit is %s here, but %s in the header", quote(u), quote(units[c])), Remedy: "leave one of them out"}
		}
	}
	tb.say("the units were read from line %d", line)
	return nil
}

// summaryWords begin lines in which a program sums a table up, in small letters.
var summaryWords = map[string]bool{
	"mean": true, "average": true, "avg": true, "median": true, "std": true, "sd": true, "stdev": true, "stddev": true, "std.dev.": true, "sem": true, "se": true, "cv": true, "min": true, "max": true,
	"minimum": true, "maximum": true, "sum": true, "total": true, "count": true, "rows": true, "number": true, "end": true, "eof": true, "done": true, "finished": true, "summary": true, "statistics": true,
	"variance": true, "var": true, "range": true, "mittelwert": true, "summe": true, "ende": true, "moyenne": true, "fin": true, "rmse": true, "standard": true, "n": true, "records": true, "samples": true,
}

// isSummary says whether a line of the right length sums the table up.
func (b *body) isSummary(cells []string) bool {
	if b.tb.numRows() == 0 || b.time < 0 {
		return false
	}
	if t := cells[b.time]; t != "" && (t[0] >= '0' && t[0] <= '9' || t[0] == '-' || t[0] == '.') || isTimeCell(t) {
		return false
	}
	return summaryWord(cells[0])
}

func summaryWord(cell string) bool {
	word, _, _ := strings.Cut(strings.ToLower(cleanName(cell)), " ")
	return summaryWords[strings.TrimRight(word, ":=")]
}

// stray notes a line that is no row.
func (b *body) stray(cells []string, line string, number int, gap bool) {
	tb := b.tb
	n := len(tb.header)
	if b.odd == nil {
		e := &Error{File: tb.file, Line: number, Msg: fmt.Sprintf("the row has %d cells, the header %d", len(cells), n), Remedy: "every row needs one cell for each column, empty where a value is missing"}
		switch {
		case len(cells) == n:
			e.Column, e.Msg, e.Remedy = fmt.Sprint(b.time+1), fmt.Sprintf("%s is not a number", quote(cells[b.time])), "leave the line out: summaries may stand at the end alone"
		case len(cells) > n:
			e.Column = fmt.Sprint(n + 1)
			if tb.comma == ',' {
				e.Remedy += "; numbers with a decimal comma need semicolons between the cells"
			}
		default:
			e.Column = fmt.Sprint(len(cells) + 1)
		}
		b.odd, b.oddGap, b.text, b.oddOK = e, gap, line, true
	}
	b.oddRows++
	prose := tb.numRows() > 1 && b.time >= 0 && startsWithLetter(line) && !isMissing(cells[0])
	first := b.time == 0 // then no row begins with a name
	b.oddOK = b.oddOK && prose && (summaryWord(cells[0]) || b.oddGap && (first || len(cells) == 1) || first && len(cells) == 1 && tb.comma != blank)
	if !b.oddOK && b.oddRows > 1 {
		b.odd.Msg, b.odd.Remedy = "the table ends here, and something else begins", "save each table as a file of its own"
		b.odd.Column = ""
	}
}

func startsWithLetter(line string) bool {
	line = strings.TrimLeft(line, " \t\"")
	if line == "" {
		return false
	}
	c := line[0]
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// forgive forgets lines between two tables of one header.
func (b *body) forgive() {
	if b.odd != nil && b.oddOK {
		b.tb.say("line %d, %s, was passed over", b.odd.Line, quote(b.text))
		b.odd, b.oddRows = nil, 0
	}
}

func (b *body) end() error {
	tb := b.tb
	if err := b.settleLabels(); err != nil {
		return err
	}
	switch {
	case b.odd == nil:
	case !b.oddOK:
		return b.odd
	case b.oddRows == 1:
		tb.say("the last line, %s, is no row of the table and was passed over", quote(b.text))
	default:
		tb.say("the last %d lines, from line %d (%s) on, are no rows of the table and were passed over", b.oddRows, b.odd.Line, quote(b.text))
	}
	if b.skipped > 0 {
		tb.say("comment lines among the rows, %d, were passed over", b.skipped)
	}
	if tb.comma == blank {
		tb.say("cells were separated at blanks")
	}
	return nil
}
