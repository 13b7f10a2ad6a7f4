package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseLaw reads a law as people write it: "A + B + 2*C = 1", with or without the constant. Coefficients are numbers or quotients such as
// 1/2. A name with blanks or signs in it may be put in quotes, in which \" stands for a quote and \\ for a backslash; without them the longest
// name that fits is meant, so that signs need blanks around them where a name contains one. The error is a *LawError.
func ParseLaw(text string, states []string) (Law, error) {
	p := &lawParser{rest: text, states: slices.Clone(states), law: Law{Weights: make([]float64, len(states))}}
	p.byLength = make([]int, len(states))
	for i := range p.byLength {
		p.byLength[i] = i
	}
	slices.SortStableFunc(p.byLength, func(a, b int) int { return len(states[b]) - len(states[a]) })
	if err := p.parse(); err != nil {
		return Law{}, &LawError{Law: text, Reason: err.Error(), Remedy: `write it like "A + B + 2*C" or "A + B + 2*C = 1", names with blanks in quotes`}
	}
	return p.law, nil
}

// lawParser reads a law from left to right.
type lawParser struct {
	rest     string
	states   []string
	byLength []int // the states' places, longest names first
	law      Law
}

// parse alternates between signs and terms, up to the constant.
func (p *lawParser) parse() error {
	sign, signs := 1.0, 0 // of the term that follows
	for first := true; ; first = false {
		p.blanks()
		for strings.HasPrefix(p.rest, "+") || strings.HasPrefix(p.rest, "-") {
			if _, n := p.name(); n > 0 {
				break
			}
			if p.rest[0] == '-' {
				sign = -sign
			}
			if signs++; signs > 1 {
				return fmt.Errorf("has two signs in a row")
			}
			p.rest = p.rest[1:]
			p.blanks()
		}
		if p.rest == "" || strings.HasPrefix(p.rest, "=") && !p.atName() {
			if first || signs > 0 {
				return fmt.Errorf("ends where a state must follow")
			}
			break
		}
		if !first && signs == 0 {
			return fmt.Errorf("lacks a sign before %q", p.word())
		}
		if err := p.term(sign); err != nil {
			return err
		}
		sign, signs = 1, 0
	}
	if !slices.ContainsFunc(p.law.Weights, func(w float64) bool { return w != 0 }) {
		return fmt.Errorf("has no coefficient other than zero")
	}
	if p.rest == "" {
		return nil
	}
	total := strings.TrimSpace(p.rest[1:])
	v, err := strconv.ParseFloat(total, 64)
	if err != nil || !finite(v) {
		return fmt.Errorf("has %q for its constant, which is not a number", total)
	}
	p.law.Total = &v
	return nil
}

// term reads a state with or without a coefficient.
func (p *lawParser) term(weight float64) error {
	i, n := p.name()
	if n == 0 {
		word := p.word()
		coefficient, _, found := strings.Cut(word, "*")
		after := p.rest[len(coefficient):]
		if !found {
			after = strings.TrimLeft(after, " \t")
			found = strings.HasPrefix(after, "*")
		}
		if found {
			v, ok := parseQuotient(coefficient)
			if !ok {
				return fmt.Errorf("has the coefficient %q, which is not a number", coefficient)
			}
			weight *= v
			p.rest = after[1:]
			p.blanks()
			i, n = p.name()
		}
	}
	if n == 0 {
		return fmt.Errorf("names %q, which is not a state; there are %s", p.word(), strings.Join(p.states, ", "))
	}
	p.law.Weights[i] += weight
	p.rest = p.rest[n:]
	return nil
}

// name returns the state whose name comes next and the number of bytes that it takes, 0 if none does.
func (p *lawParser) name() (state, length int) {
	if strings.HasPrefix(p.rest, `"`) {
		if quoted, n := unquoteName(p.rest); n > 0 {
			if i := slices.Index(p.states, quoted); i >= 0 {
				return i, n
			}
		}
	}
	for _, i := range p.byLength {
		name := p.states[i]
		if !strings.HasPrefix(p.rest, name) || looksLikeLaw(name) {
			continue
		}
		// the name must end here: "A" is not the beginning of "AB"
		next, _ := utf8.DecodeRuneInString(p.rest[len(name):])
		if after := p.rest[len(name):]; after == "" || unicode.IsSpace(next) || strings.ContainsRune("+-=", next) {
			return i, len(name)
		}
	}
	return 0, 0
}

// looksLikeLaw says that a name reads as a law of others, and is meant in quotes alone.
func looksLikeLaw(name string) bool {
	return name == "" || name == "+" || name == "-" || strings.Contains(name, " + ") || strings.Contains(name, " - ") || strings.Contains(name, " = ")
}

func (p *lawParser) atName() bool {
	_, n := p.name()
	return n > 0
}

func (p *lawParser) blanks() { p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace) }

// word is what comes next up to a blank, a sign or the constant, or what stands in quotes.
func (p *lawParser) word() string {
	if quoted, n := unquoteName(p.rest); n > 0 {
		return quoted
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("+-=", r) })
	switch {
	case end < 0:
		return p.rest
	case end == 0:
		return p.rest[:1]
	}
	return p.rest[:end]
}

// unquoteName reads the name in quotes that a text begins with, and returns the number of bytes it takes; 0 if there is none.
func unquoteName(s string) (name string, length int) {
	if !strings.HasPrefix(s, `"`) {
		return "", 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), i + 1
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0
}

// lawName is a state as Format writes it: in quotes where its name has in it what ends a name or belongs to a law.
func lawName(name string) string {
	plain := !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`=*"\`, r) })
	if plain && name != "+" && name != "-" {
		return name
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

func parseQuotient(s string) (float64, bool) {
	num, den, quotient := strings.Cut(s, "/")
	v, err := strconv.ParseFloat(num, 64)
	if err != nil || !finite(v) {
		return 0, false
	}
	if quotient {
		d, err := strconv.ParseFloat(den, 64)
		if err != nil || d == 0 || !finite(v/d) {
			return 0, false
		}
		v /= d
	}
	return v, true
}
