package data

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// head is where the table of a text begins.
type head struct {
	body   lineReader // stands at the first line below the header
	time   int        // the column that its name makes the time, or noTimeColumn
	forced bool       // sep= has said what separates the cells
}

// candidate is a line that could be the header.
type candidate struct {
	text string
	line int
}

// headSearch looks for the header.
type headSearch struct {
	tb       *table
	opt      ReadOptions
	forced   byte
	comments []candidate // without their marks
}

var sepLine = regexp.MustCompile(`(?i)^"?sep=(.)"?$`)

const (
	deepest = 1000 // lines among which a header is looked for
	nearby  = 6    // lines below a header among which its first row is
)

// findHead finds the header: the first line that is no comment, or, if that is no header, the comment line before it whose cells fit, or the first
// line further down that names a time and is followed by as many numbers. Where there are numbers alone, columns get names.
func findHead(tb *table, text string, opt ReadOptions, needTime bool) (*head, error) {
	s := &headSearch{tb: tb, opt: opt}
	r := lineReader{text: text}
	before := r
	var first string
	for {
		before = r
		line, ok := r.line()
		if !ok {
			return nil, &Error{File: tb.file, Msg: "the file is empty", Remedy: "it needs a header that names the columns, and rows of numbers"}
		}
		if m := sepLine.FindStringSubmatch(strings.TrimRight(line, " ")); m != nil && s.forced == 0 && strings.ContainsAny(m[1], ",;\t| ") {
			s.forced = m[1][0]
			tb.say("line %d says that %s separate the cells", r.number, separatorName(s.forced))
			continue
		}
		if strings.Trim(line, " \t,;") == "" || isRule(line) {
			continue
		}
		if c, ok := comment(line); ok {
			s.comments = append(s.comments, candidate{c, r.number})
			continue
		}
		if first, ok = r.complete(line); !ok {
			return nil, tb.quoteError(r.number)
		}
		break
	}
	return s.from(first, before, r, needTime)
}

// from decides what the first line is that is no comment. before stands at it, after behind it.
func (s *headSearch) from(first string, before, after lineReader, needTime bool) (*head, error) {
	tb := s.tb
	tb.comma = s.separator(first, after)
	cells, ok := cut(nil, first, tb.comma)
	if !ok {
		return nil, tb.quoteError(after.number)
	}
	h := &head{body: after, time: s.timeIn(cells), forced: s.forced != 0}
	if h.time >= 0 && needTime && !s.followed(after, len(cells), h.time) || len(cells) == 1 && allNumbers(cells) { // perhaps what an instrument says of itself
		comma := tb.comma
		if below := s.below(after); below != nil {
			return below, nil
		}
		tb.comma = comma
	}
	if h.time >= 0 || !needTime && !allNumbers(cells) {
		tb.header, tb.headerLine = s.fitted(cells, first, after), after.number
		h.time = s.timeIn(tb.header)
		return h, nil
	}
	if ok, err := s.commented(h, cells, before); ok || err != nil {
		return h, err
	}
	if allNumbers(cells) {
		return h, s.headless(h, len(cells), before, after.number)
	}
	if below := s.below(after); below != nil {
		return below, nil
	}
	tb.header, tb.headerLine = s.fitted(cells, first, after), after.number
	return h, nil
}

// timeIn returns the column that is the time by its name alone.
func (s *headSearch) timeIn(cells []string) int {
	names, units := splitNames(cells)
	if s.opt.Time != "" {
		asked := cleanName(s.opt.Time)
		for c, n := range names {
			if asked == n || asked == cleanName(cells[c]) {
				return c
			}
		}
		return noTimeColumn
	}
	best, at := unitTime+1, noTimeColumn
	for c, n := range names {
		if _, _, sure := timeName(n, units[c]); sure != notTime && sure < best {
			best, at = sure, c
		}
	}
	return at
}

// commented looks for the header among the comments before the first row.
func (s *headSearch) commented(h *head, row []string, before lineReader) (bool, error) {
	tb := s.tb
	for i := len(s.comments) - 1; i >= 0; i-- {
		c := s.comments[i]
		cells := s.sameLength(c.text, len(row))
		if cells == nil || s.timeIn(cells) < 0 {
			continue
		}
		tb.header, tb.headerLine = cells, c.line
		h.body, h.time = before, s.timeIn(cells)
		tb.say("the header was read from line %d, behind its comment mark", c.line)
		if i+1 < len(s.comments) {
			if units := s.sameLength(s.comments[i+1].text, len(row)); units != nil {
				if _, ok := timeUnitCell(units[h.time]); ok {
					return true, tb.setUnits(units, s.comments[i+1].line)
				}
			}
		}
		return true, nil
	}
	return false, nil
}

// sameLength cuts a line into n cells, by the table's separator or another.
func (s *headSearch) sameLength(text string, n int) []string {
	for _, sep := range []byte{s.tb.comma, '\t', ';', ','} {
		if cells, ok := cut(nil, text, sep); ok && len(cells) == n && n > 1 {
			return cells
		}
	}
	return blankNames(text, n)
}

// headless gives names to columns that have none: t, y1, y2, … Whether the first can be the time is seen when the rows are known.
func (s *headSearch) headless(h *head, n int, before lineReader, line int) error {
	h.body, h.time = before, 0
	if c, ok := columnNumber(s.opt.Time, n); ok {
		h.time = c
	} else if s.opt.Time != "" {
		return &Error{File: s.tb.file, Line: line, Msg: "the first line holds numbers instead of names, and no column is called " + quote(s.opt.Time),
			Remedy: fmt.Sprintf("put a header above it, or give the number of the time column, --time 1 to %d", n)}
	}
	s.tb.header = make([]string, n)
	k := 0
	for c := range n {
		if s.tb.header[c] = "t"; c != h.time {
			k++
			s.tb.header[c] = fmt.Sprintf("y%d", k)
		}
	}
	return nil
}

// columnNumber reads the number of a column, from 1.
func columnNumber(s string, n int) (int, bool) {
	c := 0
	if _, err := fmt.Sscanf(s, "%d", &c); err != nil || fmt.Sprint(c) != s || c < 1 || c > n {
		return 0, false
	}
	return c - 1, true
}

// below looks for a header further down, behind lines in which an instrument says what it is.
func (s *headSearch) below(r lineReader) *head {
	start := r.number
	for r.number < start+deepest {
		line, ok := r.line()
		if !ok {
			return nil
		}
		text, isComment := comment(line)
		if !isComment {
			text = line
		}
		if text, ok = r.complete(text); !ok {
			return nil
		}
		s.tb.comma = s.separator(text, r)
		cells, ok := cut(nil, text, s.tb.comma)
		if !ok || len(cells) < 2 || s.timeIn(cells) < 0 {
			continue
		}
		cells = s.fitted(cells, text, r)
		at := s.timeIn(cells)
		if at < 0 || !s.followed(r, len(cells), at) {
			continue
		}
		s.tb.header, s.tb.headerLine = cells, r.number
		s.tb.say("the header was found in line %d; what stands above it was passed over", r.number)
		return &head{body: r, time: at, forced: s.forced != 0}
	}
	return nil
}

// followed says whether, behind a few rows of units and labels, a row of n cells comes with a number for the time.
func (s *headSearch) followed(r lineReader, n, at int) bool {
	for range nearby {
		line, ok := r.line()
		if !ok {
			return false
		}
		cells, ok := cut(nil, line, s.tb.comma)
		if !ok || len(cells) != n {
			continue
		}
		if isTimeCell(cells[at]) {
			return true
		}
	}
	return false
}

// isTimeCell says whether a cell could hold a time.
func isTimeCell(cell string) bool {
	if isMissing(cell) {
		return false
	}
	if _, _, err := parseNumber(cell); err == nil {
		return true
	}
	_, kind := parseStamp(cell)
	return kind != noStamp
}

// fitted cuts the header of a table that blanks separate into as many names as the first row has numbers: names may have blanks in them.
func (s *headSearch) fitted(cells []string, line string, r lineReader) []string {
	if s.tb.comma != blank {
		return cells
	}
	row := s.nextCells(r)
	if row == nil || len(row) == len(cells) {
		return cells
	}
	if names := blankNames(line, len(row)); names != nil {
		return names
	}
	return cells
}

func (s *headSearch) nextCells(r lineReader) []string {
	for range nearby {
		line, ok := r.line()
		if !ok {
			return nil
		}
		if _, is := comment(line); is || strings.TrimSpace(line) == "" || isRule(line) {
			continue
		}
		if cells, ok := cut(nil, line, blank); ok && allNumbers(cells) {
			return cells
		}
	}
	return nil
}

var wideBlanks = regexp.MustCompile(`\t+| {2,}`)

// blankNames cuts a header into n names: at blanks, with a unit in brackets belonging to the name before it, or at two blanks or more.
func blankNames(line string, n int) []string {
	words, ok := cut(nil, line, blank)
	if !ok {
		return nil
	}
	if len(words) == n {
		return words
	}
	if wide := wideBlanks.Split(strings.TrimSpace(line), -1); len(wide) == n {
		return wide
	}
	var names []string
	for i, w := range words {
		if i > 0 && strings.ContainsAny(w[:1], "[(") {
			names[len(names)-1] += " " + w
			continue
		}
		names = append(names, w)
	}
	if len(names) == n {
		return names
	}
	return nil
}

// allNumbers says whether every cell is a number or stands for one, and one of them is.
func allNumbers(cells []string) bool {
	any := false
	for _, c := range cells {
		if isMissing(c) {
			continue
		}
		if _, _, err := parseNumber(c); err != nil {
			return false
		}
		any = true
	}
	return any
}

// separator decides what separates the cells: of the characters that occur in the line, the one which cuts the next
// row into as many cells, and into the most. In a line of numbers it is the first that leaves numbers. If there is none, blanks do.
func (s *headSearch) separator(line string, after lineReader) byte {
	if s.forced != 0 {
		return s.forced
	}
	for _, c := range []byte{'\t', ';', ',', blank} {
		if cells, ok := cut(nil, line, c); ok && len(cells) > 1 && allNumbers(cells) && !slices.ContainsFunc(cells, func(c string) bool { return c == "" }) {
			return c
		}
	}
	next, _ := after.line()
	for i := 0; i < nearby && strings.TrimSpace(next) == ""; i++ {
		next, _ = after.line()
	}
	best, bestScore := byte(','), -1
	for _, c := range []byte{'\t', ';', ','} { // in the order in which they are least likely to be part of a name
		n := countUnquoted(line, c)
		if n == 0 {
			continue
		}
		score := n
		if countUnquoted(next, c) == n {
			score += len(line)
		}
		if score > bestScore {
			best, bestScore = c, score
		}
	}
	if bestScore < 0 && strings.ContainsAny(strings.TrimSpace(line), " ") {
		return blank
	}
	return best
}

func separatorName(sep byte) string {
	switch sep {
	case ',':
		return "commas"
	case ';':
		return "semicolons"
	case '\t':
		return "tabs"
	case blank:
		return "blanks"
	}
	return quote(string(rune(sep)))
}

func (tb *table) quoteError(line int) error {
	return &Error{File: tb.file, Line: line, Msg: "there is a quotation mark in the wrong place, or one that is never closed", Remedy: "a quoted cell begins and ends with \", and a mark inside it is written \"\""}
}
