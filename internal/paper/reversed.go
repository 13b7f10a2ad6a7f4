package paper

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/bench"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// reversedAdjoint is how the reversed adjoint of L = Σ y1(tᵢ) ends on Robertson's problem at tol = 1e-6 … 1e-14.
func reversedAdjoint(ctx context.Context, newton float64) ([]reversedOutcome, error) {
	p, params, err := robertson()
	if err != nil {
		return nil, err
	}
	var out []reversedOutcome
	for e := 6; e <= 14; e++ {
		o := reversedOutcome{tol: math.Pow10(-e)}
		ev, err := sens.Backsolve{}.New(sens.Setup{Problem: p.IVP, Options: ode.Options{Method: ode.BDF, RTol: o.tol, ATol: []float64{o.tol}, NewtonTol: newton, MaxSteps: maxReverseSteps}})
		if err != nil {
			return nil, err
		}
		var g sens.Gradient
		err = ev.Gradient(ctx, &g, params, p.Y0, 0, robertsonEnd, data.LogSpace(1e-5, robertsonEnd, 50), sens.LossFunc(sumOfY1))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var reverse *sens.ReverseError
		switch {
		case errors.As(err, &reverse):
			var cause *ode.Failure
			o.failed, o.at = true, reverse.Time
			if errors.As(err, &cause) {
				o.newton, o.reason = newtonOf(cause), cause.Cause.String()
				if cause.Last != 0 {
					o.reason += "; the latest step was rejected by: " + cause.Last.String()
				}
			} else {
				o.reason = reverse.Err.Error()
			}
		case err != nil:
			o.forward, o.reason = true, err.Error()
		default:
			for i, w := range exactSumOfY1 {
				o.off = max(o.off, math.Abs(g.Params[i]/w-1))
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// outcome says it in words.
func (o reversedOutcome) outcome() []string {
	switch {
	case o.forward:
		return []string{"the solve before it failed", o.reason}
	case o.failed:
		return []string{fmt.Sprintf("failed at t = %.10g", o.at), o.reason}
	}
	return []string{"gradient off by " + percent(o.off), ""}
}

func reversedAdjointEntry() *Entry {
	return &Entry{
		ID: "reversed", Title: "The reversed adjoint fails", Place: "Sec. III A", Threads: 1, Config: "backsolve, BDF, tol 1e-6…1e-14, two Newton constants",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("The adjoint of L = Σ y1(tᵢ) with the state solved backward together with it (Eq. 6), by BDF with rtol = atol = tol; then the same code on problems that can be reversed, where it must be right.")
			f := reversedFinding{end: robertsonEnd}
			for _, c := range []struct {
				newton float64
				list   *[]reversedOutcome
			}{{newtonCVODE, &f.outcomes}, {newtonOurs, &f.tight}} {
				list, err := reversedAdjoint(ctx, c.newton)
				if err != nil {
					return nil, err
				}
				*c.list = list
				t := Table{Name: "reversed-newton-" + num(c.newton), Caption: "ROBER to 1e5, BDF, Newton constant " + num(c.newton), Shown: true, Header: []string{"tol", "outcome", "reason"}}
				for _, o := range list {
					t.Rows = append(t.Rows, append([]string{num(o.tol)}, o.outcome()...))
				}
				r.Tables = append(r.Tables, t)
			}
			f.judge(r)
			study, err := bench.ReversibleBacksolve(ctx)
			if err != nil {
				return nil, err
			}
			r.Tables = append(r.Tables, tables("reversed-reversible", study)...)
			for _, c := range study.Claims {
				r.check(c.Agrees, "the same code is right where the problem can be reversed", c.Text)
			}
			return r, nil
		},
	}
}
