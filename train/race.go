package train

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/stiffnode/stiffnode/optim"
)

// candidate is one start in the warm start's race.
type candidate struct {
	theta []float64
	loss  float64 // what the candidates are ranked by; +Inf: cannot be solved
	mae   float64 // on whole trajectories
}

// byLoss ranks candidates, those of equal loss in the order in which they were drawn.
func byLoss(a, b *candidate) int { return cmp.Compare(a.loss, b.loss) }

// parallel calls do(worker, i) for i < n, from as many workers as there are cores. Which worker does what must not matter.
func parallel(n int, do func(worker, i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range next {
				do(w, i)
			}
		}()
	}
	wait.Wait()
}

// warmStart draws random starts, twice as many as in the race before, lets them race in the regression, halving their number from round to
// round, solves the trajectories with what is left, and returns it, best first, with the number of those that cannot be solved and the error of
// one of them.
func (l *leastSquares) warmStart(ctx context.Context, race int) (out []*candidate, failed int, last error, err error) {
	t, c := l.t, l.t.cfg.LeastSquares
	all := make([]*candidate, c.Starts<<race)
	drawn := len(all) - c.Starts // in the races before
	for i := range all {
		all[i] = &candidate{theta: make([]float64, t.total)}
		t.start(all[i].theta, t.cfg.Train.Seed+uint64(drawn+i)<<32)
	}
	if l.regression != nil && c.WarmIterations > 0 {
		all, err = l.regress(ctx, all)
		if len(all) > 0 {
			l.cut = slices.Clone(all[0].theta)
		}
		if err != nil {
			return nil, 0, nil, err
		}
	}
	errs := make([]error, len(all))
	shots := make([]*shooting, min(runtime.GOMAXPROCS(0), len(all)))
	for i := range shots {
		if shots[i], err = newShooting(t, l.whole().curves, l.whole().rows, 1, l.tolerances[0]); err != nil {
			return nil, 0, nil, err
		}
	}
	parallel(len(all), func(w, i int) {
		r := make([]float64, l.whole().rows)
		if errs[i] = shots[w].Residual(ctx, r, all[i].theta); errs[i] != nil {
			all[i].loss = math.Inf(1)
			return
		}
		all[i].loss, all[i].mae = sumSquares(r), shots[w].metric(r)
	})
	if err := context.Cause(ctx); err != nil {
		return nil, 0, nil, err
	}
	for i, c := range all {
		if c.loss-c.loss == 0 {
			continue
		}
		c.loss = math.Inf(1)
		failed++
		if errs[i] != nil {
			last = errs[i]
		}
	}
	slices.SortStableFunc(all, byLoss)
	if first := all[0]; l.rough == nil || first.loss < l.roughLoss {
		l.rough, l.roughLoss = slices.Clone(first.theta), first.loss
	}
	return all, failed, last, nil
}

// regress fits the candidates to the derivatives in rounds of Levenberg–Marquardt. The error of a cancelled context comes with what was
// reached until then.
func (l *leastSquares) regress(ctx context.Context, all []*candidate) (out []*candidate, err error) {
	c := l.t.cfg.LeastSquares
	type fit struct {
		*candidate
		lm *optim.LevenbergMarquardt
	}
	fits := make([]*fit, len(all))
	for i, s := range all {
		g, err := newRegressor(l.regression)
		if err != nil {
			return nil, err
		}
		lm, err := optim.NewLevenbergMarquardt(g, s.theta[:l.t.params], optim.LMConfig{})
		if err != nil {
			return nil, err
		}
		fits[i] = &fit{s, lm}
	}
	iterations, survivors := c.WarmIterations, max(c.Survivors, len(all)/4)
	for {
		parallel(len(fits), func(_, i int) {
			f := fits[i]
			f.loss = math.Inf(1)
			for range iterations {
				if status, err := f.lm.Iterate(ctx); err != nil || status != optim.Running {
					break
				}
				if f.lm.Report().Objective < warmTarget*float64(l.regression.points) {
					break
				}
			}
			if o := f.lm.Report().Objective; o-o == 0 && f.lm.Report().Jacobians > 0 {
				f.loss = o
			}
			f.lm.Params(f.theta[:l.t.params])
		})
		slices.SortStableFunc(fits, func(a, b *fit) int { return byLoss(a.candidate, b.candidate) })
		if err = context.Cause(ctx); err != nil || len(fits) <= survivors {
			break
		}
		fits = fits[:max(survivors, (len(fits)+1)/2)]
	}
	for _, f := range fits {
		out = append(out, f.candidate)
	}
	return out, err
}

// warmTarget is the objective per point at which a regression is as good as its targets are.
const warmTarget = 1e-4

func sumSquares(r []float64) float64 {
	s := 0.0
	for _, v := range r {
		s += v * v
	}
	return s / 2
}
