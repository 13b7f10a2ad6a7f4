package problems

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
	"github.com/stiffnode/stiffnode/ode"
)

// A Problem is an initial value problem with a known solution. Its slices are shared and must not be changed.
type Problem struct {
	// Name as used on the command line; Title in words.
	Name, Title string
	// Source is the publication.
	Source string
	// IVP is the problem for package ode. Its Names are the names of the states, its Scale the sizes of the states in
	// the phases that decide the solution. Every field that it makes is an ode.ParamField with the parameters below bound.
	IVP *ode.Problem
	// T0 and T1 are the interval of the reference solution, Y0 the initial state.
	T0, T1 float64
	Y0     []float64
	// Params are the parameters in the order of ode.ParamField.Bind.
	Params []Param
	// Units of the states and of time; empty where there are none.
	Units    []string
	TimeUnit string
	// Stiff says that explicit methods are wasted on it.
	Stiff bool
	// LogTime says that the solution is best seen over the logarithm of time.
	LogTime bool
	// Times are suggested observation times, as data for learning have them; they need not reach T1.
	Times []float64
	// ATol holds for every state the ratio atol/rtol with which accuracy is measured: below this size a state is
	// judged in absolute terms.
	ATol []float64
	// Checks are the times at which accuracy is measured, the last one T1.
	Checks []float64
	// Reference is the reference solution at increasing times, and ReferenceNote how it was computed; empty where
	// the solution is known exactly.
	Reference     []Point
	ReferenceNote string

	exact func(dst []float64, t float64, y0, params []float64)
}

// A Param is a parameter of a right-hand side.
type Param struct {
	Name  string
	Value float64
}

// A Point is a state at a time.
type Point struct {
	T float64
	Y []float64
}

// Solution writes the solution at time t into dst: the exact one, or the row of the reference table at that very time. It
// reports whether there is one.
func (p *Problem) Solution(dst []float64, t float64) bool {
	if p.exact != nil {
		p.exact(dst, t, p.Y0, p.values())
		return true
	}
	if t == p.T0 {
		copy(dst, p.Y0)
		return true
	}
	i, ok := slices.BinarySearchFunc(p.Reference, t, func(a Point, t float64) int {
		switch {
		case a.T < t:
			return -1
		case a.T > t:
			return 1
		}
		return 0
	})
	if ok {
		copy(dst, p.Reference[i].Y)
	}
	return ok
}

// Exact reports whether the solution is known exactly at all times.
func (p *Problem) Exact() bool { return p.exact != nil }

// AbsTol returns the absolute tolerances that go with a relative tolerance when accuracy is measured.
func (p *Problem) AbsTol(rtol float64) []float64 {
	out := make([]float64, len(p.ATol))
	for i, a := range p.ATol {
		out[i] = a * rtol
	}
	return out
}

// values are the values of the parameters.
func (p *Problem) values() []float64 {
	v := make([]float64, len(p.Params))
	for i, q := range p.Params {
		v[i] = q.Value
	}
	return v
}

// WithParams returns the problem with some parameters changed. The reference solution, which belongs to the original
// values, is left out; an exact solution remains. The error is an *UnknownError when there is no such parameter.
func (p *Problem) WithParams(values map[string]float64) (*Problem, error) {
	q := *p
	q.Params = slices.Clone(p.Params)
	q.Reference, q.ReferenceNote = nil, ""
	var names []string
	for _, a := range p.Params {
		names = append(names, a.Name)
	}
	for name, v := range values {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, &UnknownError{What: "parameter of " + p.Name, Name: name, Nearest: nearest(name, names), Known: names}
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("problems: parameter %s of %s is %g; it must be finite", name, p.Name, v)
		}
		q.Params[i].Value = v
	}
	ivp := *p.IVP
	bound := q.values()
	ivp.New = func() ode.Field {
		f := p.IVP.New()
		f.(ode.ParamField).Bind(bound)
		return f
	}
	q.IVP = &ivp
	return &q, nil
}

// All lists the problems in the order in which they are best shown: non-stiff ones, stiff ones, differential-algebraic ones.
func All() []*Problem {
	return []*Problem{
		Decay(), LotkaVolterra(), Spiral(), PLEIADES(),
		ROBER(), POLLU(), HIRES(), OREGO(), VDPOL(), VDPOLMild(), VanDerPol(), E5(),
		ProtheroRobinson(-1e6), Kaps(), Linear(-1e6, -1e4, -1e2, -1, complex(-0.5, 2)), Brusselator(brusselatorPoints),
		CHEMAKZO(), ROBERDAE(),
	}
}

// ByName finds a problem, ignoring case and punctuation. The error is an *UnknownError with the nearest name.
func ByName(name string) (*Problem, error) {
	key := plain(name)
	var names []string
	for _, p := range All() {
		if plain(p.Name) == key {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, &UnknownError{What: "problem", Name: name, Nearest: nearest(name, names), Known: names}
}

// plain leaves letters and digits, in lower case.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// An UnknownError says that a name is not known.
type UnknownError struct {
	// What kind of thing was asked for, under which Name.
	What, Name string
	// Nearest is the most similar known name, or empty; Known are all.
	Nearest string
	Known   []string
}

func (e *UnknownError) Error() string {
	s := fmt.Sprintf("problems: %q is not a known %s", e.Name, e.What)
	if e.Nearest != "" {
		s += fmt.Sprintf("; did you mean %s?", e.Nearest)
	}
	if len(e.Known) == 0 {
		return s + " (it has none)"
	}
	return s + " (known: " + strings.Join(e.Known, ", ") + ")"
}

// nearest returns the known name that is most like one given, punctuation not counting, or nothing.
func nearest(name string, known []string) string {
	keys := make([]string, len(known))
	for i, k := range known {
		keys[i] = plain(k)
	}
	if near, ok := names.Nearest(plain(name), keys); ok {
		return known[slices.Index(keys, near)]
	}
	return ""
}

// linear returns n equidistant times from a to b.
func linear(a, b float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = a + (b-a)*float64(i)/float64(n-1)
	}
	out[n-1] = b
	return out
}

// logarithmic returns n times from a to b whose logarithms are equidistant.
func logarithmic(a, b float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = a * math.Pow(b/a, float64(i)/float64(n-1))
	}
	out[0], out[n-1] = a, b
	return out
}

// numbered returns the names y1 … yn.
func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("y%d", i+1)
	}
	return out
}

// uniform returns n times the value v.
func uniform(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// uniformUnits returns n times the same unit.
func uniformUnits(n int, unit string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = unit
	}
	return out
}
