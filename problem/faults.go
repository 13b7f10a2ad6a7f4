package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/reaction"
)

// A Fault is one thing that is wrong with a problem.
type Fault struct {
	// Key is the place in the description, as "reactions.r1.rate"; Line and Column are those of the file, counted from 1, or 0.
	Key          string
	Line, Column int
	// Offset is the place within a formula in bytes, or −1.
	Offset int
	// Msg says what is wrong, Remedy what to write instead; Remedy may be empty.
	Msg, Remedy string
}

func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d, column %d: ", f.Line, f.Column)
	}
	if f.Key != "" {
		fmt.Fprintf(&b, "%s: ", f.Key)
	}
	b.WriteString(f.Msg)
	if f.Remedy != "" {
		fmt.Fprintf(&b, "; %s", f.Remedy)
	}
	return b.String()
}

// Faults is the error of a problem that is not sound: all that is wrong, in the order of the file where there is one.
type Faults struct {
	// File is the name of the file, or empty.
	File string
	List []Fault
}

func (f *Faults) Error() string {
	var lines []string
	for _, x := range f.List {
		lines = append(lines, x.String())
	}
	head := ""
	if f.File != "" {
		head = f.File + ": "
	}
	if len(lines) == 1 {
		return head + lines[0]
	}
	return fmt.Sprintf("%s%d things are wrong with the problem:\n  %s", head, len(lines), strings.Join(lines, "\n  "))
}

// add appends a fault at a key.
func (f *Faults) add(key, remedy, format string, args ...any) {
	f.List = append(f.List, Fault{Key: key, Offset: -1, Msg: fmt.Sprintf(format, args...), Remedy: remedy})
}

// formula appends the fault of a text, with the place in it where the error knows one.
func (f *Faults) formula(key string, err error) {
	fault := Fault{Key: key, Offset: -1, Msg: err.Error()}
	var s *expr.SyntaxError
	var r *reaction.SyntaxError
	switch {
	case errors.As(err, &s):
		fault.Offset, fault.Msg = s.Offset, s.Msg
		if s.Nearest != "" {
			fault.Remedy = fmt.Sprintf("did you mean %q?", s.Nearest)
		}
		fault.Msg = fmt.Sprintf("character %d of %s: %s", s.Column, shown(s.Text), fault.Msg)
	case errors.As(err, &r):
		fault.Offset = r.Offset
		fault.Msg = fmt.Sprintf("character %d of %s: %s", r.Column, shown(r.Text), r.Msg)
	}
	f.List = append(f.List, fault)
}

// shown is a text for a message, cut where it is long.
func shown(text string) string {
	const most = 60
	r := []rune(text)
	if len(r) > most {
		return fmt.Sprintf("%q…", string(r[:most]))
	}
	return fmt.Sprintf("%q", text)
}

// err is the error, or nil where nothing is wrong.
func (f *Faults) err() error {
	if len(f.List) == 0 {
		return nil
	}
	slices.SortStableFunc(f.List, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return f
}
