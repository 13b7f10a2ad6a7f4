package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
	"github.com/stiffnode/stiffnode/train"
)

// contradictions shows what is said to laws that cannot be kept, and to data that violate one.
func contradictions(ctx context.Context, r *Report, _ ConstraintOptions) error {
	_, set, err := trajectories(ctx, "ROBER", 1, 1)
	if err != nil {
		return err
	}
	t := Table{Title: "constraints that cannot be, and what is said", Rows: [][]string{{"case", "answer"}}}
	refused := func(name string, c train.ConstraintsConfig, word string) {
		cfg := train.Default()
		cfg.Constraints = c
		cfg.Resolve(set)
		run, err := train.New(cfg, set)
		if err == nil {
			run.Close()
			r.claim(false, "%s: accepted", name)
			return
		}
		var e *train.ConfigError
		t.Rows = append(t.Rows, []string{name, err.Error()})
		r.claim(errors.As(err, &e) && strings.Contains(err.Error(), word), "%s: refused, and the reason named (%s)", name, word)
	}
	law := "y1 + y2 + y3 = 1"
	refused("contradictory", train.ConstraintsConfig{Kind: "dae", Laws: []string{law, "2*y1 + 2*y2 + 2*y3 = 3"}, Algebraic: []string{"y3", "y1"}}, "contradicts")
	refused("redundant", train.ConstraintsConfig{Kind: "projection", Laws: []string{law, "2*y1 + 2*y2 + 2*y3 = 2"}}, "follows from")
	refused("as many laws as states", train.ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + y2", "y2 + y3", "y1 + 2*y3"}}, "one too many")
	refused("index above 1", train.ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 = 1"}, Algebraic: []string{"y3"}}, "index above 1")
	refused("no such state", train.ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + z"}}, "not a state")

	broken := set.Clone()
	const row, amount = 20, 0.05
	broken.Trajectories[0].Values[3*row+2] += amount
	cfg := train.Default()
	cfg.Constraints = train.ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + y2 + y3"}}
	cfg.Resolve(broken)
	run, err := train.New(cfg, broken)
	if err != nil {
		return err
	}
	defer run.Close()
	said := strings.Join(run.Notes(), "; ")
	t.Rows = append(t.Rows, []string{"data violate a law", said})
	r.claim(strings.Contains(said, "violate") && strings.Contains(said, "0.05 ") && strings.Contains(said, "y3") && strings.Contains(said, "t = "), "data that violate a law by 0.05: reported with size, state and time")
	r.Tables = append(r.Tables, t)
	return nil
}

// constrainedGradients compares gradients through a neural DAE.
func constrainedGradients(ctx context.Context, r *Report, _ ConstraintOptions) error {
	_, set, err := trajectories(ctx, "ROBER", 1, 1)
	if err != nil {
		return err
	}
	m, err := randomDAE(set)
	if err != nil {
		return err
	}
	problem := m.RHS.Problem()
	tr := &set.Trajectories[0]
	y0 := slices.Clone(tr.Row(0, 3))
	y0[2] += 0.1 // inconsistent: what makes it consistent is part of what is differentiated
	c := &gradientCase{problem: problem, params: m.Params, y0: y0, t1: tr.Times[len(tr.Times)-1], times: tr.Times[1:]}
	c.atol = func(rtol float64) []float64 {
		var a []float64
		for _, s := range problem.Scale {
			a = append(a, 1e-3*rtol*s)
		}
		return a
	}
	for range c.times { // a fixed linear loss, every state in units of its size
		for i, s := range problem.Scale {
			c.weights = append(c.weights, float64(i+1)/(s*float64(3*len(c.times))))
		}
	}
	t := Table{Title: "gradient through a neural DAE of 3 states with random parameters", Rows: [][]string{{"gradient", "solver", "difference from finite differences of the frozen recursion", "from the continuous adjoint at rtol 1e-11"}}}
	reference := c.measure(ctx, sens.GaussAdjoint{Reverse: sens.ReverseOptions{MaxSteps: 1_000_000}}, c.options(ode.Radau, 1e-11), 0)
	if reference.err != nil {
		return reference.err
	}
	for _, name := range []string{"Rodas5P", "Radau", "BDF"} {
		solver, err := ode.MethodByName(name)
		if err != nil {
			return err
		}
		for _, method := range []sens.Method{sens.DiscreteReverse{}, sens.DiscreteForward{Workers: 1}} {
			run := c.measure(ctx, method, c.options(solver, 1e-6), 0)
			tight := c.measure(ctx, method, c.options(solver, 1e-10), 0)
			if run.err != nil || tight.err != nil {
				r.claim(false, "%s on %s: %v", method.Info().Name, name, errors.Join(run.err, tight.err))
				continue
			}
			frozen, err := frozenDifference(ctx, c, c.options(solver, 1e-6), run.gradient)
			if err != nil {
				return err
			}
			e := relativeL2(tight.gradient, reference.gradient)
			t.Rows = append(t.Rows, []string{method.Info().Name, name, sci(frozen), sci(e)})
			r.claim(frozen <= 1e-6, "%s on %s at rtol 1e-6 agrees with finite differences of the frozen recursion to %s, floor 1e-6", method.Info().Name, name, sci(frozen))
			r.claim(e <= 1e-6, "%s on %s at rtol 1e-10 agrees with the continuous adjoint to %s, floor 1e-6", method.Info().Name, name, sci(e))
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// randomDAE is Eqs. 21–22 for a set of Robertson's problem, with random parameters.
func randomDAE(set *data.Set) (*model.Model, error) {
	stats := set.Stats()
	cfg := model.ScaledConfig{
		Hidden: []int{8, 8}, Activation: nn.GELU, Input: model.Input{Kind: model.InputNone},
		YScale: stats.Scale(data.ScaleRange), TScale: stats.TimeScale(),
	}
	for i, name := range set.States {
		role := model.Learned
		if i == 2 {
			role = model.Algebraic
		}
		cfg.States = append(cfg.States, model.State{Name: name, Role: role})
	}
	inner, err := model.NewAlgebraic(cfg)
	if err != nil {
		return nil, err
	}
	law, err := model.ParseLaw("y1 + y2 + y3 = 1", set.States)
	if err != nil {
		return nil, err
	}
	rhs, err := model.NewLawDAE(inner, []model.Law{law})
	if err != nil {
		return nil, err
	}
	m := &model.Model{RHS: rhs, Params: make([]float64, rhs.NumParams()), States: cfg.States}
	rhs.Init(m.Params, nn.GlorotNormal, 2)
	return m, nil
}

// frozenDifference is the relative difference, over a few random directions, of a gradient from central differences of the solve with its steps
// and formulas frozen.
func frozenDifference(ctx context.Context, c *gradientCase, opt ode.Options, gradient []float64) (float64, error) {
	tape := &ode.Tape{}
	opt.Tape, opt.SaveAt, opt.NewtonTol = tape, c.times, 1e-8
	s, err := ode.NewSolver(c.problem, opt)
	if err != nil {
		return 0, err
	}
	s.Field().(ode.ParamField).Bind(c.params)
	if _, err := s.Solve(ctx, c.t0, c.t1, c.y0); err != nil {
		return 0, err
	}
	k := c.problem.Dim
	loss := func(p []float64) (float64, error) {
		y, err := sens.Replay(c.problem, tape, p, c.y0)
		if err != nil {
			return 0, err
		}
		sum := 0.0
		for i := range c.times {
			sum += c.At(i, 0, y[i*k:(i+1)*k], nil)
		}
		return sum, nil
	}
	num, den := 0.0, 0.0
	const h = 1e-4
	p := make([]float64, len(c.params))
	for d := range 6 {
		direction := make([]float64, len(p))
		slope := 0.0
		for i := range p {
			direction[i] = math.Sin(float64((d + 1) * (3*i + 1)))
			slope += gradient[i] * direction[i]
		}
		at := func(s float64) (float64, error) {
			for i := range p {
				p[i] = c.params[i] + s*h*direction[i]
			}
			return loss(p)
		}
		var v [4]float64
		for i, s := range []float64{-2, -1, 1, 2} {
			if v[i], err = at(s); err != nil {
				return 0, err
			}
		}
		difference := (v[0] - 8*v[1] + 8*v[2] - v[3]) / (12 * h) // order 4
		num, den = num+(difference-slope)*(difference-slope), den+slope*slope
	}
	return math.Sqrt(num / den), nil
}
