package problem

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

func robertson() *Problem {
	k := func(name string, v float64) Parameter {
		return Parameter{Name: name, Value: v, Min: v * 1e-6, Max: v * 1e6, Scale: Log, Estimate: true}
	}
	return &Problem{
		States:     []State{{Name: "y1", Start: Formula("1")}, {Name: "y2", Start: Formula("0")}, {Name: "y3", Start: Formula("0")}},
		Parameters: []Parameter{k("k1", 0.04), k("k2", 3e7), k("k3", 1e4)},
		Reactions: []Reaction{
			{"r1", "y1 -> y2", MassAction("k1", "")}, {"r2", "2 y2 -> y2 + y3", MassAction("k2", "")}, {"r3", "y2 + y3 -> y1 + y3", MassAction("k3", "")},
		},
	}
}

// solve solves the first case at the start of θ.
func solve(t *testing.T, m *Model, t1 float64) []float64 {
	t.Helper()
	c := m.Cases[0]
	theta := make([]float64, m.NumTheta())
	m.Start(theta)
	p := make([]float64, c.Programs.RHS.NumParams())
	m.Fill(p, c.Dynamics, theta)
	start := c.Programs.Start.NewEvaluator()
	start.Bind(p)
	u, du := make([]float64, len(c.Inputs)), make([]float64, len(c.Inputs))
	c.Signals().At(u, du, c.T0)
	y0 := make([]float64, len(m.States))
	start.Eval(y0, c.T0, make([]float64, len(m.States)), u)
	ivp, err := c.IVP(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ode.NewSolver(ivp, ode.Options{Method: ode.Radau, RTol: 1e-10, ATol: []float64{1e-16}, Hit: c.Hit})
	if err != nil {
		t.Fatal(err)
	}
	s.Field().(ode.ParamField).Bind(p)
	sol, err := s.Solve(context.Background(), c.T0, t1, y0)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(sol.YEnd)
}

func TestReactionsAreRobertsonsProblem(t *testing.T) {
	m, err := robertson().Compile()
	if err != nil {
		t.Fatal(err)
	}
	known, err := problems.ByName("ROBER")
	if err != nil {
		t.Fatal(err)
	}
	ref, err := ode.Solve(context.Background(), known.IVP, 0, 40, known.Y0, ode.Options{Method: ode.Radau, RTol: 1e-10, ATol: []float64{1e-16}})
	if err != nil {
		t.Fatal(err)
	}
	got := solve(t, m, 40)
	for i, w := range ref.YEnd {
		if math.Abs(got[i]/w-1) > 1e-8 {
			t.Errorf("y%d(40) = %.12g, want %.12g", i+1, got[i], w)
		}
	}
	if len(m.Laws) != 1 || !slices.Equal(m.Laws[0], []float64{1, 1, 1}) {
		t.Errorf("laws %v", m.Laws)
	}
	if u := m.Unknowns[1]; u.Name != "k2" || math.Abs(u.Start-math.Log(3e7)) > 1e-12 || math.Abs(u.Lower-math.Log(30)) > 1e-9 {
		t.Errorf("unknown %+v", u)
	}
}

// A room that is heated: an input in steps, one that runs on straight lines, a constant of its own in each experiment.
func TestInputsConditionsAndOwnConstants(t *testing.T) {
	nan := math.NaN()
	set := &data.Set{States: []string{"T", "heat", "out"}, Trajectories: []data.Trajectory{{
		Name: "a", Times: []float64{0, 1, 2, 4}, Values: []float64{12, 0, 5, nan, 1, 5, 11, 0, 5, nan, 0, 9},
	}}}
	p := &Problem{
		States:      []State{{Name: "T"}},
		Parameters:  []Parameter{{Name: "tau", Value: 6, Estimate: true, PerExperiment: true}, {Name: "gain", Value: 3}, {Name: "unused", Value: 1, Estimate: true}},
		Inputs:      []Input{{Name: "phi", Column: "heat", Interpolation: StepInterpolation}, {Name: "outside", Column: "out"}},
		Derivatives: []Equation{{"T", "loss + gain*phi"}},
		Assignments: []Equation{{"loss", "(outside - T)/tau"}},
		Experiments: []Experiment{{Name: "one", Set: set, T0: nan, T1: nan}, {Name: "two", Set: set, T0: nan, T1: nan, Conditions: []Equation{{"gain", "0"}}}},
	}
	m, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Cases) != 2 || len(m.Unknowns) != 3 || m.Unknowns[0].Name != "tau:one" || m.Unknowns[1].Name != "tau:two" {
		t.Fatalf("cases %d, unknowns %+v", len(m.Cases), m.Unknowns)
	}
	if n := m.Cases[0].Programs.RHS.NumParams(); n != 1 {
		t.Errorf("%d parameters in the right-hand side, want the one that matters", n)
	}
	if got := m.Cases[1].Dynamics.Theta; !slices.Equal(got, []int{1}) {
		t.Errorf("the second experiment's constant is at %v", got)
	}
	if !slices.Equal(m.Cases[0].Hit, []float64{1, 2}) {
		t.Errorf("steps end at %v", m.Cases[0].Hit)
	}
	// the closed form on [0, 1], [1, 2], and [2, 4], where outside rises by 2 an hour
	relax := func(from, level, h float64) float64 { return level + (from-level)*math.Exp(-h/6) }
	at2 := relax(relax(12, 5, 1), 5+18, 1)
	// T' = (5 + 2s − T)/6: particular solution 5 + 2s − 12
	want := (5 + 4 - 12) + (at2-(5-12))*math.Exp(-2.0/6)
	if got := solve(t, m, 4)[0]; math.Abs(got-want) > 1e-8 {
		t.Errorf("T(4) = %.10g, want %.10g", got, want)
	}
	// two observations are left: the first row is the start, and one is missing
	if d := m.Cases[0].Data; len(d) != 1 || d[0].Value != 11 || m.Cases[0].Times[d[0].Time] != 2 {
		t.Errorf("observations %+v at %v", d, m.Cases[0].Times)
	}
}

func TestNetworksAreTermsLikeOthers(t *testing.T) {
	p := &Problem{
		States:      []State{{Name: "x", Start: Formula("x0")}},
		Parameters:  []Parameter{{Name: "x0", Value: 2, Estimate: true}},
		Networks:    []Network{{Name: "N", Inputs: []string{"x/10"}, Hidden: []int{3}, Activation: nn.Tanh, Scale: []float64{5}}},
		Derivatives: []Equation{{"x", "-x + N"}},
		Observables: []Observable{{Name: "double", Formula: "2*x", Noise: "estimate"}},
	}
	m, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Blocks) != 1 || m.Blocks[0].Len != 10 || m.NumTheta() != 2+10 {
		t.Fatalf("blocks %+v, unknowns %+v", m.Blocks, m.Unknowns)
	}
	theta := make([]float64, m.NumTheta())
	m.Start(theta)
	for i := m.Blocks[0].Offset; i < len(theta); i++ {
		theta[i] = 0.1 * float64(i)
	}
	c := m.Cases[0]
	prm := make([]float64, c.Programs.RHS.NumParams())
	m.Fill(prm, c.Dynamics, theta)
	e := c.Programs.RHS.NewEvaluator()
	e.Bind(prm)
	got := make([]float64, 1)
	e.Eval(got, 0, []float64{1.5}, nil)
	w := theta[m.Blocks[0].Offset:]
	want := w[9]
	for i := range 3 {
		want += w[6+i] * math.Tanh(w[i]*0.15+w[3+i])
	}
	if want = -1.5 + 5*want; math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("x' = %g, want %g", got[0], want)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	p := robertson()
	p.Parameters = append(p.Parameters, Parameter{Name: "k1", Value: 1}, Parameter{Name: "bad", Value: -1, Scale: Log10, Estimate: true})
	p.Reactions[0].Equation = "y1 + -> y2"
	p.Reactions[1].Law = MassAction("k4", "")
	p.States = append(p.States, State{Name: "y4", Start: Formula("0")})
	p.Derivatives = []Equation{{"y5", "1"}}
	p.Assignments = []Equation{{"a", "b + 1"}, {"b", "2*a"}, {"c", "y1 +* 2"}}
	_, err := p.Compile()
	var f *Faults
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	text := err.Error()
	for _, want := range []string{
		`"k1" is taken by parameters.k1`, "parameters.bad.scale: -1 has no logarithm", "reactions.r1.equation: character 6", `reactions.r2.k: character 1 of "k4": unknown name "k4"; did you mean`,
		`"y4" has neither a derivative nor a reaction`, `derivatives.y5: state "y5" is not known; did you mean`, "depends on itself", `assignments.c: character 5`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
}

func TestSignals(t *testing.T) {
	x, y := []float64{0, 1, 3}, []float64{1, 2, 2}
	for _, c := range []struct {
		kind    Interpolation
		at      float64
		u, du   float64
		knots   int
		nothing bool
	}{
		{LinearInterpolation, 0.5, 1.5, 1, 1, false}, {LinearInterpolation, 2, 2, 0, 1, false}, {LinearInterpolation, -1, 1, 0, 1, false}, {LinearInterpolation, 9, 2, 0, 1, false},
		{StepInterpolation, 0.99, 1, 0, 1, false}, {StepInterpolation, 1, 2, 0, 1, false}, {ConstantInterpolation, 2, 1, 0, 0, false}, {PchipInterpolation, 1, 2, 0, 0, false},
	} {
		s := NewSignal(c.kind, x, y)
		if u, du := s.At(c.at); math.Abs(u-c.u) > 1e-15 || math.Abs(du-c.du) > 1e-12 {
			t.Errorf("%v at %g: %g, %g; want %g, %g", c.kind, c.at, u, du, c.u, c.du)
		}
		if n := len(s.Knots(0, 3)); n != c.knots {
			t.Errorf("%v: %d knots, want %d", c.kind, n, c.knots)
		}
	}
	if s := NewSignal(StepInterpolation, x, y); s.Before(1) != 1 {
		t.Error("the value before a jump")
	}
	// pchip is monotone, and its derivative is that of its value
	px, py := []float64{0, 1, 2, 3, 5}, []float64{0, 0.1, 4, 4.2, 9}
	s := NewSignal(PchipInterpolation, px, py)
	last := -1.0
	for i := range 501 {
		at := 0.01 * float64(i)
		u, du := s.At(at)
		if u < last {
			t.Fatalf("pchip falls at %g", at)
		}
		last = u
		if h := 1e-6; at > 0.01 && at < 4.98 && math.Mod(at, 1) > 0.005 {
			a, _ := s.At(at - h)
			b, _ := s.At(at + h)
			if d := (b - a) / (2 * h); math.Abs(d-du) > 1e-5 {
				t.Fatalf("derivative at %g: %g, differences %g", at, du, d)
			}
		}
	}
}
