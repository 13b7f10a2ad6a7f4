package paper

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/sens"
)

// exactSumOfY1 are the derivatives of L = Σ y1(tᵢ) with respect to k1, k2, k3, by 30-digit arithmetic.
var exactSumOfY1 = []float64{-91.9127227, -5.26308296e-8, 3.15797532e-4}

// robertson is Robertson's problem with the values of its parameters.
func robertson() (*problems.Problem, []float64, error) {
	p, err := problems.ByName("ROBER")
	if err != nil {
		return nil, nil, err
	}
	var params []float64
	for _, q := range p.Params {
		params = append(params, q.Value)
	}
	return p, params, nil
}

// sumOfY1 is L = Σ y1(tᵢ).
func sumOfY1(_ int, _ float64, y, grad []float64) float64 {
	if grad != nil {
		clear(grad)
		grad[0] = 1
	}
	return y[0]
}

// agreementCheckpoint is the number of steps between checkpoints of the interpolating adjoint; CVODES' examples take about as many.
const agreementCheckpoint = 150

func agreementEntry() *Entry {
	return &Entry{
		ID: "agreement", Title: "Interpolating and discrete gradients agree", Place: "Sec. III A", Threads: 1,
		Config: fmt.Sprintf("BDF with Newton constant %g and Radau, rtol 1e-6, atol 1e-6 and 1e-12, checkpoints every %d steps", newtonCVODE, agreementCheckpoint),
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("dL/d(k1, k2, k3) of L = Σ y1(tᵢ) by methods that never reverse the equation. The claim is judged at the paper's tolerances, rtol = atol = 10⁻⁶, for BDF with CVODE's Newton constant and checkpoints every %d steps, as the difference between the two gradients. y2 is of size 10⁻⁵, so that atol = 10⁻⁶ leaves it all but uncontrolled: the table has atol = 10⁻¹² too, and how far each is from the exact derivatives.", agreementCheckpoint)
			p, params, err := robertson()
			if err != nil {
				return nil, err
			}
			points := data.LogSpace(1e-5, robertsonEnd, 50)
			table := Table{Name: "agreement", Shown: true, Header: []string{"solver", "atol", "gradient", "dL/dk1", "dL/dk2", "dL/dk3", "largest relative error"}}
			var found agreementFinding
			checkpointed := sens.InterpolatingAdjoint{Reverse: sens.ReverseOptions{Checkpoint: agreementCheckpoint}}
			for _, solver := range []ode.Method{ode.BDF, ode.Radau} {
				for _, atol := range []float64{1e-6, 1e-12} {
					for _, m := range []sens.Method{sens.DiscreteReverse{}, sens.DiscreteForward{}, checkpointed, sens.InterpolatingAdjoint{}, sens.QuadratureAdjoint{}, sens.GaussAdjoint{}, sens.IMEXAdjoint{}} {
						name := m.Info().Name
						if m == sens.Method(checkpointed) {
							name += ", checkpoints"
						}
						opt := ode.Options{Method: solver, RTol: 1e-6, ATol: []float64{atol}}
						if solver == ode.BDF {
							opt.NewtonTol = newtonCVODE
						}
						ev, err := m.New(sens.Setup{Problem: p.IVP, Options: opt})
						if err != nil {
							return nil, err
						}
						var g sens.Gradient
						if err := ev.Gradient(ctx, &g, params, p.Y0, 0, robertsonEnd, points, sens.LossFunc(sumOfY1)); err != nil {
							if ctx.Err() != nil {
								return nil, context.Cause(ctx)
							}
							table.Rows = append(table.Rows, []string{solver.Info().Name, num(atol), name, "failed", "", "", err.Error()})
							continue
						}
						e := 0.0
						for i, w := range exactSumOfY1 {
							e = max(e, math.Abs(g.Params[i]/w-1))
						}
						if solver == ode.BDF && atol == 1e-6 {
							switch m {
							case sens.Method(checkpointed):
								found.interpolating = slices.Clone(g.Params)
							case sens.Method(sens.DiscreteReverse{}):
								found.discrete = slices.Clone(g.Params)
							}
						}
						table.Rows = append(table.Rows, []string{solver.Info().Name, num(atol), name, fmt.Sprintf("%.9g", g.Params[0]), fmt.Sprintf("%.9g", g.Params[1]), fmt.Sprintf("%.9g", g.Params[2]), num(e)})
					}
				}
			}
			r.Tables = append(r.Tables, table)
			found.judge(r)
			return r, nil
		},
	}
}
