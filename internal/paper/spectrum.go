package paper

import (
	"context"
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/mat"

	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

func trainingStiffnessEntry() *Entry {
	stops := []int{1, 100, 1000, 5000, 20_000}
	return &Entry{
		ID: "training-stiffness", Title: "Training is itself a stiff problem", Place: "left open in Sec. V", Threads: 1, Config: fmt.Sprint("robertson/paper.toml, seed 1, epochs ", stops),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			r := &Result{}
			r.say("Gradient descent follows θ' = −∇L(θ), whose Jacobian near a good fit is the Gauss–Newton matrix JᵀJ of the residuals. The spectrum of JᵀJ along the paper's training says how stiff that flow is: the ratio of its largest to its median eigenvalue above roundoff is how many more steps an explicit method, such as gradient descent, needs than an implicit one, such as Levenberg–Marquardt.")
			table := Table{Name: "training-stiffness-epochs", Shown: true, Header: []string{"epoch", "loss", "largest eigenvalue", "median", "ratio", "above roundoff"}}
			panel := plots.Panel{X: plots.Axis{Label: "number of the eigenvalue"}, Y: plots.Axis{Label: "eigenvalue of JᵀJ", Log: true}}
			worst := 0.0
			for _, stop := range stops {
				l, err := learn(ctx, env, "rober", stop, nil)
				if err != nil {
					return nil, err
				}
				values, err := gaussNewtonSpectrum(ctx, l)
				if err != nil {
					return nil, err
				}
				s := plots.Series{Name: fmt.Sprintf("epoch %d", stop)}
				var kept []float64
				for i, v := range values {
					if v > 1e-14*values[0] {
						kept = append(kept, v)
						s.X, s.Y = append(s.X, float64(i+1)), append(s.Y, v)
					}
				}
				m := median(kept)
				worst = max(worst, values[0]/m)
				panel.Series = append(panel.Series, s)
				table.Rows = append(table.Rows, []string{fmt.Sprint(stop), num(l.history[len(l.history)-1].MAE), num(values[0]), num(m), num(values[0] / m), fmt.Sprint(len(kept))})
			}
			r.Tables = append(r.Tables, table)
			flowFinding{worst}.judge(r)
			r.Figures = append(r.Figures, Figure{"training-stiffness", "Eigenvalues of the Gauss–Newton matrix along the paper's training.", &plots.Figure{Panels: [][]plots.Panel{{panel}}}})
			return r, nil
		},
	}
}

// flowFinding is the largest ratio of the largest to the median eigenvalue of the gradient flow.
type flowFinding struct{ ratio float64 }

func (f flowFinding) judge(r *Result) {
	r.check(f.ratio >= 1e4, "the gradient flow is stiff, which the paper leaves open", "largest over median eigenvalue: up to "+num(f.ratio))
}

// gaussNewtonSpectrum are the eigenvalues of JᵀJ, in descending order, where J is the Jacobian of the scaled residuals of a trained
// model on its one trajectory. They are those of JJᵀ, which is smaller.
func gaussNewtonSpectrum(ctx context.Context, l *learning) ([]float64, error) {
	m := l.result.Model
	tr := &l.set.Trajectories[0]
	opt, err := m.Solver.Options()
	if err != nil {
		return nil, err
	}
	opt.Method, opt.RTol, opt.ATol = ode.Radau, 1e-6, nil
	j, err := sens.NewForwardJacobian(sens.Setup{Problem: m.RHS.Problem(), Options: opt}, sens.JacobianOptions{})
	if err != nil {
		return nil, err
	}
	times := tr.Times[1:]
	_, dy, err := j.Solve(ctx, m.Params, l.result.Initial[0], tr.Times[0], times[len(times)-1], times)
	if err != nil {
		return nil, err
	}
	k, cols := len(m.States), j.Columns()
	ranges := l.set.Stats().Ranges()
	rows := len(times) * k
	jac := mat.NewDense(rows, cols, nil)
	for i := range rows {
		for c := range cols {
			jac.Set(i, c, dy[i*cols+c]/ranges[i%k])
		}
	}
	var gram mat.SymDense
	gram.SymOuterK(1, jac)
	var e mat.EigenSym
	if !e.Factorize(&gram, false) {
		return nil, fmt.Errorf("the spectrum of the Gauss–Newton matrix could not be computed")
	}
	values := e.Values(nil)
	out := make([]float64, len(values))
	for i, v := range values {
		out[len(values)-1-i] = math.Max(v, 0)
	}
	return out, nil
}

// parallel calls f(0) … f(n−1) from a number of goroutines.
func parallel(workers, n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
