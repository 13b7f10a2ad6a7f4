package data

import (
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
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

// unknownName words the complaint that a column was asked for which is not there.
func unknownName(file, asked, option string, columns []string) *Error {
	e := &Error{File: file, Msg: fmt.Sprintf("%s names %s, which is not a column", option, quote(asked))}
	if n, ok := names.Nearest(asked, columns); ok {
		e.Remedy = fmt.Sprintf("did you mean %s? The columns are: %s", n, list(columns))
	} else {
		e.Remedy = "the columns are: " + list(columns)
	}
	return e
}
