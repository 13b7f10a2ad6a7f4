package paper

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

func daeEntry() *Entry {
	return &Entry{
		ID: "dae", Title: "Robertson's problem as a differential-algebraic equation", Place: "Eqs. 18–20", Threads: 1, Config: "Rodas5P, Radau, BDF at rtol 1e-8",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("The third equation is replaced by 0 = y1 + y2 + y3 − 1 with M = diag(1, 1, 0), and solved beside the ordinary form.")
			odeForm, err := problems.ByName("ROBER")
			if err != nil {
				return nil, err
			}
			dae, err := problems.ByName("ROBER-DAE")
			if err != nil {
				return nil, err
			}
			times := data.LogSpace(1e-5, robertsonEnd, 50)
			ref, err := ode.Solve(ctx, odeForm.IVP, 0, robertsonEnd, odeForm.Y0, ode.Options{Method: ode.Radau, RTol: 1e-11, ATol: []float64{1e-16}, SaveAt: times})
			if err != nil {
				return nil, err
			}
			table := Table{Name: "dae", Shown: true, Header: []string{"method", "largest relative difference from the ordinary form", "largest |y1 + y2 + y3 − 1|"}}
			worst, violation := 0.0, 0.0
			for _, m := range []ode.Method{ode.Rodas5P, ode.Radau, ode.BDF} {
				sol, err := ode.Solve(ctx, dae.IVP, 0, robertsonEnd, dae.Y0, ode.Options{Method: m, RTol: 1e-8, ATol: []float64{1e-14}, SaveAt: times})
				if err != nil {
					return nil, err
				}
				d, v := 0.0, 0.0
				for i, y := range sol.Y {
					if y > 1e-6 || i%3 == 1 && y > 1e-11 {
						d = max(d, math.Abs(y/ref.Y[i]-1))
					}
				}
				for i := range times {
					row := sol.State(i)
					v = max(v, math.Abs(row[0]+row[1]+row[2]-1))
				}
				worst, violation = max(worst, d), max(violation, v)
				table.Rows = append(table.Rows, []string{m.Info().Name, num(d), num(v)})
			}
			r.Tables = append(r.Tables, table)
			daeFinding{worst, violation}.judge(r)
			return r, nil
		},
	}
}

// daeFinding is how far the differential-algebraic form is from the ordinary one, and from its constraint.
type daeFinding struct{ difference, violation float64 }

func (f daeFinding) judge(r *Result) {
	r.claim(f.difference <= 1e-5, "ROBER can be written in DAE form with M = diag(1, 1, 0)", "the solutions of both forms differ by at most "+num(f.difference), "they are not the same solution")
	r.check(f.violation <= 1e-8, "the sum is kept by the algebraic equation", "largest violation "+num(f.violation))
}
