package data

import (
	"fmt"
	"strings"
)

// Error says what is wrong with data, where, and what to do about it.
type Error struct {
	File   string // as the caller named it; empty for data that are not from a file
	Line   int    // from 1; 0 if the error belongs to no single line
	Column string // name of the column, or its number from 1 where it has no name; empty if the error belongs to no single column
	Msg    string // what is wrong
	Remedy string // what to do; may be empty
	Err    error  // the cause, for errors.Is and errors.As; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	case e.Line > 0:
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, "column %s: ", e.Column)
	}
	b.WriteString(e.Msg)
	if e.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// quote shows text from a file in a message: on one line, and not for ever.
func quote(s string) string {
	const limit = 40
	if r := []rune(s); len(r) > limit {
		return fmt.Sprintf("%q…", string(r[:limit]))
	}
	return fmt.Sprintf("%q", s)
}

// list joins names for a message, and stops where nobody would read on.
func list(names []string) string {
	const limit = 12
	short := make([]string, 0, limit+1)
	for i, n := range names {
		if i == limit {
			short = append(short, fmt.Sprintf("and %d more", len(names)-limit))
			break
		}
		if r := []rune(n); len(r) > 40 {
			n = string(r[:40]) + "…"
		}
		short = append(short, n)
	}
	return strings.Join(short, ", ")
}

// nearest returns the name that is most like s, and whether it is near enough to have been meant. Distance is
// Levenshtein's, without regard to case.
func nearest(s string, names []string) (string, bool) {
	best, found := len([]rune(s))/2+1, ""
	for _, n := range names {
		if d := editDistance(strings.ToLower(s), strings.ToLower(n)); d < best {
			best, found = d, n
		}
	}
	return found, found != ""
}

func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := diag
			if x[i-1] != y[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(y)]
}

// unknownName words the complaint that a column was asked for which is not there.
func unknownName(file, asked, option string, names []string) *Error {
	e := &Error{File: file, Msg: fmt.Sprintf("%s names %s, which is not a column", option, quote(asked))}
	if n, ok := nearest(asked, names); ok {
		e.Remedy = fmt.Sprintf("did you mean %s? The columns are: %s", n, list(names))
	} else {
		e.Remedy = "the columns are: " + list(names)
	}
	return e
}
