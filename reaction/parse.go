package reaction

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Term is a species with its stoichiometric coefficient.
type Term struct {
	Species     string
	Coefficient float64
}

// A Reaction is an equation: what is consumed, what is formed, and whether it also runs backward.
type Reaction struct {
	Reactants, Products []Term
	Reversible          bool
}

// A SyntaxError says what is wrong with the text of a reaction, and where: Offset in bytes from 0, Column in characters from 1.
type SyntaxError struct {
	Text           string
	Offset, Column int
	Msg            string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("column %d of the reaction: %s", e.Column, e.Msg)
}

func fault(text string, at int, format string, args ...any) error {
	return &SyntaxError{Text: text, Offset: at, Column: utf8.RuneCountInString(text[:at]) + 1, Msg: fmt.Sprintf(format, args...)}
}

// largest is the largest coefficient of a term: what is larger is a slip.
const largest = 1_000_000

// arrows between the sides, the longer ones first.
var arrows = []struct {
	text       string
	reversible bool
}{{"<=>", true}, {"<->", true}, {"⇌", true}, {"↔", true}, {"->", false}, {"=>", false}, {"→", false}}

// Parse reads an equation such as "A + 2 B -> C", "H2 <=> 2 H", "-> A" or "A ->". Coefficients are numbers before the name, with a blank or a * between. A species that
// stands on one side more than once counts as often; an empty side may also be written 0. The error is a *SyntaxError.
func Parse(text string) (*Reaction, error) {
	at, arrow := -1, 0
	for i := range text {
		for j, a := range arrows {
			if strings.HasPrefix(text[i:], a.text) {
				at, arrow = i, j
				break
			}
		}
		if at >= 0 {
			break
		}
	}
	if at < 0 {
		return nil, fault(text, len(text), "there is no arrow; write A + B -> C, or <-> where it also runs backward")
	}
	r := &Reaction{Reversible: arrows[arrow].reversible}
	var err error
	if r.Reactants, err = side(text, 0, at); err != nil {
		return nil, err
	}
	if r.Products, err = side(text, at+len(arrows[arrow].text), len(text)); err != nil {
		return nil, err
	}
	if len(r.Reactants)+len(r.Products) == 0 {
		return nil, fault(text, at, "there are no species")
	}
	return r, nil
}

// side reads the terms of text[from:to].
func side(text string, from, to int) ([]Term, error) {
	if s := strings.TrimSpace(text[from:to]); s == "" || s == "0" || s == "∅" {
		return nil, nil
	}
	var out []Term
	for at := from; ; {
		end := to
		if i := strings.IndexByte(text[at:to], '+'); i >= 0 {
			end = at + i
		}
		t, err := term(text, at, end)
		if err != nil {
			return nil, err
		}
		merged := false
		for i := range out {
			if out[i].Species == t.Species {
				out[i].Coefficient += t.Coefficient
				merged = true
			}
		}
		if !merged {
			out = append(out, t)
		}
		if end == to {
			return out, nil
		}
		at = end + 1
	}
}

// term reads a coefficient, if there is one, and a name.
func term(text string, from, to int) (Term, error) {
	for from < to && isSpace(text[from]) {
		from++
	}
	for to > from && isSpace(text[to-1]) {
		to--
	}
	if from == to {
		return Term{}, fault(text, from, "a species is missing here")
	}
	t := Term{Coefficient: 1}
	n := from
	for n < to && (text[n] >= '0' && text[n] <= '9' || text[n] == '.') {
		n++
	}
	if n > from {
		v, err := strconv.ParseFloat(text[from:n], 64)
		if err != nil || !(v > 0) || v > largest {
			return t, fault(text, from, "%q is no coefficient; write a number above 0, at most %d", text[from:n], largest)
		}
		t.Coefficient = v
		for n < to && isSpace(text[n]) || n < to && text[n] == '*' {
			n++
		}
	}
	name := text[n:to]
	for i, c := range name {
		if !(c == '_' || unicode.IsLetter(c) || i > 0 && (unicode.IsDigit(c) || unicode.Is(unicode.M, c))) {
			return t, fault(text, n+i, "%q cannot stand in the name of a species: letters, digits and underscores, no digit first", string(c))
		}
	}
	if name == "" {
		return t, fault(text, n, "a species is missing after its coefficient")
	}
	t.Species = name
	return t, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// String writes the equation as Parse reads it.
func (r *Reaction) String() string {
	arrow := " -> "
	if r.Reversible {
		arrow = " <-> "
	}
	return strings.TrimSpace(terms(r.Reactants) + arrow + terms(r.Products))
}

func terms(list []Term) string {
	var parts []string
	for _, t := range list {
		if t.Coefficient == 1 {
			parts = append(parts, t.Species)
		} else {
			parts = append(parts, strconv.FormatFloat(t.Coefficient, 'f', -1, 64)+" "+t.Species)
		}
	}
	return strings.Join(parts, " + ")
}
