package expr

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
)

// A Scope says what the names in a formula mean. A nil *Scope has the variables of the graph and, where these leave the names free, t and time
// for the time, and pi; and the outputs of its networks as functions.
type Scope struct {
	// Names are the variables; those of the graph are not among them unless put there.
	Names map[string]Expr
	// Functions are callable besides those of Functions, and hide them. Each gets as many arguments as the call has, and says by its error what is wrong with them.
	Functions map[string]func(args []Expr) (Expr, error)
}

// Scope returns what a nil *Scope stands for, to add to.
func (g *Graph) Scope() *Scope {
	s := &Scope{Names: maps.Clone(g.scope), Functions: map[string]func([]Expr) (Expr, error){}}
	for _, n := range g.nets {
		for i := range n.net.Outputs {
			s.Functions[n.outputName(i)] = g.networkFunction(n.outputName(i))
		}
		if n.net.Outputs == 1 {
			s.Functions[n.name] = g.networkFunction(n.name)
		}
	}
	for name, e := range map[string]Expr{"t": g.Time(), "time": g.Time(), "pi": g.Num(math.Pi)} {
		if _, taken := s.Names[name]; !taken {
			s.Names[name] = e
		}
	}
	return s
}

// lookup finds a name.
func (g *Graph) lookup(s *Scope, name string) (Expr, bool) {
	if s != nil {
		e, ok := s.Names[name]
		return e, ok
	}
	if e, ok := g.scope[name]; ok {
		return e, true
	}
	switch name {
	case "t", "time":
		return g.Time(), true
	case "pi":
		return g.Num(math.Pi), true
	}
	return Expr{}, false
}

// Parse reads a formula. The error is a *SyntaxError. It takes time linear in the length of the text, however deep the formula is.
func (g *Graph) Parse(text string, s *Scope) (Expr, error) {
	p := parser{g: g, scope: s, lex: lexer{text: text}}
	if err := p.run(); err != nil {
		return Expr{}, err
	}
	return p.operands[0], nil
}

// A parser keeps what is open on stacks of its own, so that depth costs memory and nothing else.
type parser struct {
	g        *Graph
	scope    *Scope
	lex      lexer
	operands []Expr
	open     []pending
	err      *SyntaxError
}

// pending is an operator that waits for what is on its right, or an open bracket.
type pending struct {
	o        string // operator; "(" for a bracket, "call" for one of a call; signs are "u-" and "!"
	level    int
	at       int
	base     int // of a call: the number of operands before its first argument
	function function
	user     func([]Expr) (Expr, error)
	name     string
}

// levels of binary operators; higher ones bind closer.
var levels = map[string]int{"&&": 1, "||": 1, "<": 2, "<=": 2, ">": 2, ">=": 2, "==": 2, "!=": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 6}

const (
	levelCompare = 2
	levelSign    = 5
	levelPower   = 6
)

func (p *parser) fail(at int, format string, args ...any) bool {
	if p.err == nil {
		p.err = syntaxError(p.lex.text, at, format, args...)
	}
	return false
}

// run reads the whole text; operands and operators take turns.
func (p *parser) run() error {
	for operand := true; ; {
		tok, err := p.lex.next()
		if err != nil {
			return err
		}
		if operand {
			operand = p.operand(tok)
		} else {
			if tok.kind == tokEnd {
				break
			}
			operand = p.operator(tok)
		}
		if p.err != nil {
			return p.err
		}
	}
	p.reduce(0)
	if n := len(p.open); n > 0 && p.err == nil {
		p.fail(p.open[n-1].at, "this bracket is not closed")
	}
	if p.err != nil {
		return p.err
	}
	return nil
}

// operand reads what an operand begins with, and reports whether one is still awaited.
func (p *parser) operand(tok token) (again bool) {
	text := p.lex.text[tok.from:tok.to]
	switch tok.kind {
	case tokEnd:
		if tok.from == 0 || len(p.open) == 0 && len(p.operands) == 0 {
			return p.fail(tok.from, "the formula is empty")
		}
		return p.fail(tok.from, "the formula ends where a number, a name or a bracket is expected")
	case tokNumber:
		p.operands = append(p.operands, p.g.Num(tok.value))
		return false
	case tokName:
		return p.name(tok, text)
	}
	switch text {
	case "(":
		p.open = append(p.open, pending{o: "(", at: tok.from})
	case "+":
	case "-":
		p.open = append(p.open, pending{o: "u-", level: levelSign, at: tok.from})
	case "!":
		p.open = append(p.open, pending{o: "!", level: levelSign, at: tok.from})
	default:
		return p.fail(tok.from, "%q stands where a number, a name or a bracket is expected", text)
	}
	return true
}

// name reads a variable, a word or the beginning of a call.
func (p *parser) name(tok token, name string) (again bool) {
	ahead := p.lex
	if next, err := ahead.next(); err == nil && next.kind == tokOperator && ahead.text[next.from:next.to] == "(" {
		call := pending{o: "call", at: tok.from, base: len(p.operands), name: name}
		var ok bool
		if p.scope != nil {
			call.user, ok = p.scope.Functions[name]
		}
		if !ok && p.scope == nil {
			call.user = p.g.networkFunction(name)
			ok = call.user != nil
		}
		if !ok {
			if call.function, ok = functions[name]; !ok {
				return p.unknownFunction(tok, name)
			}
		}
		p.lex = ahead
		p.open = append(p.open, call)
		// A call without arguments closes at once.
		if next, err := ahead.next(); err == nil && next.kind == tokOperator && ahead.text[next.from:next.to] == ")" {
			p.lex = ahead
			p.close(tok.from)
			return false
		}
		return true
	}
	e, ok := p.g.lookup(p.scope, name)
	if !ok {
		switch name {
		case "true":
			e = p.g.Num(1)
		case "false":
			e = p.g.Num(0)
		case "inf":
			e = p.g.Num(math.Inf(1))
		default:
			return p.unknown(tok, name)
		}
	}
	p.operands = append(p.operands, e)
	return false
}

const maxClip = 60

// clip shortens what a message quotes.
func clip(s string) string {
	if len(s) <= maxClip {
		return s
	}
	return strings.ToValidUTF8(s[:maxClip], "") + "…"
}

func (p *parser) unknown(tok token, name string) bool {
	if _, ok := functions[name]; ok {
		return p.fail(tok.from, "the function %q needs its arguments in brackets", name)
	}
	var known []string
	if p.scope != nil {
		known = slices.Sorted(maps.Keys(p.scope.Names))
	} else {
		known = slices.Sorted(maps.Keys(p.g.scope))
	}
	p.fail(tok.from, "unknown name %q", clip(name))
	p.err.Nearest, _ = names.Nearest(clip(name), known)
	return false
}

func (p *parser) unknownFunction(tok token, name string) bool {
	if _, ok := p.g.lookup(p.scope, name); ok {
		return p.fail(tok.from, "%q is not a function; a product needs its *", clip(name))
	}
	known := Functions()
	if p.scope != nil {
		known = append(slices.Sorted(maps.Keys(p.scope.Functions)), known...)
	}
	p.fail(tok.from, "unknown function %q", clip(name))
	p.err.Nearest, _ = names.Nearest(clip(name), known)
	return false
}

// operator reads what follows an operand, and reports whether an operand must follow.
func (p *parser) operator(tok token) (again bool) {
	text := p.lex.text[tok.from:tok.to]
	level := levels[text]
	switch {
	case tok.kind != tokOperator || text == "(" || text == "!":
		return p.fail(tok.from, "%q follows an operand; an operator is missing", clip(text))
	case text == ")" || text == ",":
		return p.bracket(tok, text)
	case level == levelPower: // associates to the right, and its right side may have a sign
		p.reduce(levelPower + 1)
	case level == levelCompare:
		p.reduce(levelCompare + 1)
		if n := len(p.open); n > 0 && p.open[n-1].level == levelCompare {
			return p.fail(tok.from, "comparisons cannot be chained; write a < b && b < c")
		}
	default:
		p.reduce(level)
	}
	p.open = append(p.open, pending{o: text, level: level, at: tok.from})
	return true
}

// bracket reads ")" or ",".
func (p *parser) bracket(tok token, text string) (again bool) {
	p.reduce(0)
	if len(p.open) == 0 {
		if text == "," {
			return p.fail(tok.from, "a comma stands outside the brackets of a function")
		}
		return p.fail(tok.from, "this bracket closes none")
	}
	if text == ")" {
		p.close(tok.from)
		return false
	}
	if p.open[len(p.open)-1].o != "call" {
		return p.fail(tok.from, "a comma stands outside the brackets of a function")
	}
	return true
}

// close ends the innermost bracket, and makes its call.
func (p *parser) close(at int) {
	b := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	if b.o != "call" {
		return
	}
	args := p.operands[b.base:]
	var e Expr
	if b.user != nil {
		var err error
		if e, err = b.user(args); err != nil {
			p.fail(b.at, "%s: %v", b.name, err)
			return
		}
	} else {
		f := b.function
		switch n := len(args); {
		case n < f.least || f.most >= 0 && n > f.most:
			p.fail(b.at, "%s takes %s, not %d", b.name, f.takes(), n)
			return
		case b.name == "piecewise" && n%2 == 0:
			p.fail(b.at, "piecewise takes pairs of value and condition, and a last value for where none holds; it has %d arguments", n)
			return
		}
		e = f.apply(args)
	}
	p.operands = append(p.operands[:b.base], e)
}

func (f function) takes() string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("%d arguments or more", f.least)
	case f.least < f.most:
		return fmt.Sprintf("%d or %d arguments", f.least, f.most)
	case f.least == 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", f.least)
}

// reduce applies the pending operators of at least a level, up to an open bracket.
func (p *parser) reduce(level int) {
	for n := len(p.open); n > 0; n-- {
		o := p.open[n-1]
		if o.o == "(" || o.o == "call" || o.level < level {
			return
		}
		p.open = p.open[:n-1]
		m := len(p.operands) - 1
		if o.level == levelSign {
			if o.o == "!" {
				p.operands[m] = p.operands[m].Not()
			} else {
				p.operands[m] = p.operands[m].Neg()
			}
			continue
		}
		p.operands[m-1] = p.apply(o.o, p.operands[m-1], p.operands[m])
		p.operands = p.operands[:m]
	}
}

func (p *parser) apply(o string, a, b Expr) Expr {
	switch o {
	case "+":
		return a.Add(b)
	case "-":
		return a.Sub(b)
	case "*":
		return a.Mul(b)
	case "/":
		return a.Div(b)
	case "^":
		return a.Pow(b)
	case "<":
		return a.Less(b)
	case "<=":
		return a.LessEqual(b)
	case ">":
		return b.Less(a)
	case ">=":
		return b.LessEqual(a)
	case "==":
		return a.Equal(b)
	case "!=":
		return a.NotEqual(b)
	case "&&":
		return a.And(b)
	}
	return a.Or(b)
}
