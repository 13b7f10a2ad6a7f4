package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// A MethodComparison is what one gradient method gave on a model and data.
type MethodComparison struct {
	Method string `json:"method"`
	// Error is the relative L2 difference from the reference gradient, over all trajectories.
	Error float64 `json:"error"`
	// Stated is the error as a second gradient at a thirtieth of the tolerances states it, relative in the same norm; 0 where it could not be had.
	Stated float64 `json:"stated_error,omitempty"`
	// Milliseconds per gradient over all trajectories, and megabytes allocated to make one for the first time.
	Milliseconds float64 `json:"ms"`
	Megabytes    float64 `json:"mb"`
	// Steps forward and backward, and factorisations of both passes.
	Steps          int    `json:"steps"`
	ReverseSteps   int    `json:"reverse_steps"`
	Factorisations int    `json:"factorisations"`
	Failure        string `json:"failure,omitempty"`
}

// A Comparison holds every gradient method side by side.
type Comparison struct {
	// Solver and RTol are those of the forward solves, Parameters is m.
	Solver     string             `json:"solver"`
	RTol       float64            `json:"rtol"`
	Parameters int                `json:"parameters"`
	Reference  string             `json:"reference"`
	Methods    []MethodComparison `json:"methods"`
}

// The reference gradient is that of an adjoint at these tolerances.
const (
	referenceRTol = 1e-10
	referenceName = "Gauss adjoint with Radau at rtol 1e-10"
)

// CompareGradients computes the gradient of the scaled mean absolute error (Eq. 14, the residuals' signs held at those of the reference
// solution) of a model on data by every gradient method. opt says how the model is solved. The set's states must be the model's
// in the same order, and every trajectory's initial row complete.
func CompareGradients(ctx context.Context, m *model.Model, set *data.Set, opt ode.Options, during time.Duration) (*Comparison, error) {
	cases, err := modelCases(ctx, m, set)
	if err != nil {
		return nil, err
	}
	out := &Comparison{Solver: opt.Method.Info().Name, RTol: opt.RTol, Parameters: len(m.Params), Reference: referenceName}
	want := make([]float64, len(m.Params))
	for _, c := range cases {
		run := c.measure(ctx, sens.GaussAdjoint{Reverse: sens.ReverseOptions{MaxSteps: 1_000_000}}, c.reference(), 0)
		if run.err != nil {
			return nil, fmt.Errorf("the reference gradient could not be computed: %w", run.err)
		}
		for i, v := range run.gradient {
			want[i] += v
		}
	}
	for _, method := range append(gradientMethods(), sens.Backsolve{}, sens.Backsolve{Checkpoint: true}) {
		out.Methods = append(out.Methods, compareMethod(ctx, method, cases, opt, want, during))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return out, nil
}

func compareMethod(ctx context.Context, method sens.Method, cases []*gradientCase, opt ode.Options, want []float64, during time.Duration) MethodComparison {
	row := MethodComparison{Method: method.Info().Name}
	sum := make([]float64, len(want))
	for _, c := range cases {
		run := c.measure(ctx, method, opt, during)
		if run.err != nil {
			row.Failure = run.err.Error()
			return row
		}
		for i, v := range run.gradient {
			sum[i] += v
		}
		row.Milliseconds += 1e3 * run.seconds
		row.Megabytes += float64(run.bytes) / 1e6
		row.Steps += run.stats.Steps
		row.ReverseSteps += run.reverse.Steps
		row.Factorisations += run.stats.Factorisations + run.reverse.Factorisations
	}
	row.Error = relativeL2(sum, want)
	row.Stated = statedError(ctx, method, cases, opt, sum)
	return row
}

// statedError is the relative error of a gradient, summed over trajectories, as sens.Verified states it component by component.
func statedError(ctx context.Context, method sens.Method, cases []*gradientCase, opt ode.Options, sum []float64) float64 {
	stated := make([]float64, len(sum))
	for _, c := range cases {
		run := c.measure(ctx, sens.Verified{Method: method}, opt, 0)
		if run.err != nil {
			return 0
		}
		for i, v := range run.stated.Params {
			stated[i] += v
		}
	}
	diff, size := 0.0, 0.0
	for i, v := range stated {
		diff += v * v
		size += sum[i] * sum[i]
	}
	return math.Sqrt(diff / size)
}

// modelCases are the trajectories of a set, with ∂L/∂y at every saved time.
func modelCases(ctx context.Context, m *model.Model, set *data.Set) ([]*gradientCase, error) {
	k := len(m.States)
	ranges := set.Stats().Ranges()
	var cases []*gradientCase
	count := 0
	for t := range set.Trajectories {
		tr := &set.Trajectories[t]
		c := &gradientCase{problem: m.RHS.Problem(), params: m.Params, y0: tr.Row(0, k), t0: tr.Times[0], times: tr.Times[1:]}
		c.t1 = c.times[len(c.times)-1]
		opt := c.reference()
		opt.SaveAt = c.times
		s, err := ode.NewSolver(c.problem, opt)
		if err != nil {
			return nil, err
		}
		field, ok := s.Field().(ode.ParamField)
		if !ok {
			return nil, fmt.Errorf("the model's right-hand side has no parameters")
		}
		field.Bind(m.Params)
		sol, err := s.Solve(ctx, c.t0, c.t1, c.y0)
		if err != nil {
			return nil, err
		}
		for i, v := range tr.Values[k:] {
			w := 0.0
			if d := sol.Y[i] - v; !math.IsNaN(v) && ranges[i%k] > 0 {
				count++
				if d != 0 {
					w = math.Copysign(1/ranges[i%k], d)
				}
			}
			c.weights = append(c.weights, w)
		}
		cases = append(cases, c)
	}
	for _, c := range cases {
		for i := range c.weights {
			c.weights[i] /= float64(count)
		}
	}
	return cases, nil
}

// reference are the options of the solve that decides the residuals' signs and the reference gradient.
func (c *gradientCase) reference() ode.Options {
	atol := make([]float64, c.problem.Dim)
	for i := range atol {
		atol[i] = 1e-3 * referenceRTol
		if c.problem.Scale != nil {
			atol[i] *= c.problem.Scale[i]
		}
	}
	return ode.Options{Method: ode.Radau, RTol: referenceRTol, ATol: atol, MaxSteps: 1_000_000}
}

// Report is the comparison as a table.
func (c *Comparison) Report() *Report {
	r := &Report{Title: fmt.Sprintf("Gradient with respect to %d parameters, solved by %s at rtol %g; reference: %s", c.Parameters, c.Solver, c.RTol, c.Reference)}
	t := Table{Rows: [][]string{{"method", "error", "stated", "ms", "MB", "steps", "reverse steps", "factorisations", ""}}}
	for _, m := range c.Methods {
		if m.Failure != "" {
			t.Rows = append(t.Rows, []string{m.Method, "failed", "", "", "", "", "", "", m.Failure})
			continue
		}
		stated := "–"
		if m.Stated > 0 {
			stated = sci(m.Stated)
		}
		t.Rows = append(t.Rows, []string{m.Method, sci(m.Error), stated, fmt.Sprintf("%.3g", m.Milliseconds), fmt.Sprintf("%.3g", m.Megabytes), fmt.Sprint(m.Steps), fmt.Sprint(m.ReverseSteps), fmt.Sprint(m.Factorisations), ""})
	}
	r.Tables = []Table{t}
	return r
}
