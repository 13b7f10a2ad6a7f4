package train

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/sens"
)

// curve is one trajectory as the residuals see it: observed rows and, between them, interpolated ones.
type curve struct {
	times  []float64
	values []float64 // len(times)×k
	factor []float64 // of every difference; 0: not counted
	real   []bool    // of every row: observed
	first  int       // residual
}

// shooting is the least-squares problem of whole trajectories: one residual for every observed value that counts,
//
//	r = √w · (model − data)/scale / (relativeFloor + |data|/scale),
//
// in which the last factor, absent where the state carries measurement errors, makes small values count relative to themselves. Between the
// observed times the model is held to an interpolation of the data, as far as that can be trusted.
type shooting struct {
	t       *task
	curves  []curve
	rows    int
	workers []*shooter

	theta []float64
	r, j  []float64
	ctx   context.Context
	next  atomic.Int64
	wait  sync.WaitGroup
	errs  []error
}

// shooter is what one goroutine solves with.
type shooter struct {
	fj *sens.ForwardJacobian
	y0 []float64
}

var _ optim.Residuals = (*shooting)(nil)

// relativeFloor is the size, in units of the scale, below which residuals are absolute.
const relativeFloor = 0.01

// newCurves lays out the residuals, and counts them.
func newCurves(t *task) (out []curve, rows int) {
	scale := lossScale(t.cfg.Loss.Scale, t.stats)
	k := len(t.states)
	factor := func(j int, value, weight float64) float64 {
		if weight == 0 || math.IsNaN(value) || scale[j] == 0 {
			return 0
		}
		f := math.Sqrt(weight) / scale[j]
		if t.stats.States[j].Noise == 0 {
			f /= relativeFloor + math.Abs(value)/scale[j]
		}
		return f
	}
	for i := range t.trajectories {
		tr := &t.trajectories[i]
		c := curve{first: rows}
		between := newInterpolation(t, tr)
		add := func(time float64, real bool, values, weights []float64) {
			c.times, c.real = append(c.times, time), append(c.real, real)
			for j, v := range values {
				f := factor(j, v, weights[j])
				if f != 0 {
					rows++
				} else {
					v = 0
				}
				c.values, c.factor = append(c.values, v), append(c.factor, f)
			}
		}
		for n, time := range tr.times {
			if middle, v, w := between.before(n); v != nil {
				add(middle, false, v, w)
			}
			add(time, true, tr.values[n*k:(n+1)*k], tr.weights[n*k:(n+1)*k])
		}
		out = append(out, c)
	}
	return out, rows
}

func newShooting(t *task, curves []curve, rows, workers int, rtol float64) (*shooting, error) {
	s := &shooting{t: t, curves: curves, rows: rows, errs: make([]error, len(curves))}
	inner := 1
	if len(curves) == 1 {
		inner, workers = workers, 1
	}
	setup := t.setup
	setup.Options.RTol = rtol
	for range min(workers, len(curves)) {
		fj, err := sens.NewForwardJacobian(setup, sens.JacobianOptions{Initial: t.total > t.params, Workers: inner})
		if err != nil {
			return nil, err
		}
		s.workers = append(s.workers, &shooter{fj: fj, y0: make([]float64, len(t.states))})
	}
	return s, nil
}

func (s *shooting) setTolerance(rtol float64) error {
	for _, w := range s.workers {
		if err := w.fj.SetTolerances(rtol, s.t.setup.Options.ATol); err != nil {
			return err
		}
	}
	return nil
}

// Dims implements optim.Residuals.
func (s *shooting) Dims() (int, int) { return s.rows, s.t.total }

// Residual implements optim.Residuals.
func (s *shooting) Residual(ctx context.Context, r, p []float64) error {
	return s.evaluate(ctx, r, nil, p)
}

// ResidualJacobian implements optim.Residuals.
func (s *shooting) ResidualJacobian(ctx context.Context, r, jac, p []float64) error {
	clear(jac)
	return s.evaluate(ctx, r, jac, p)
}

// evaluate solves all trajectories. Every trajectory has rows of its own, so that results do not depend on the number of workers.
func (s *shooting) evaluate(ctx context.Context, r, jac, p []float64) error {
	s.ctx, s.theta, s.r, s.j = ctx, p, r, jac
	s.next.Store(0)
	s.wait.Add(len(s.workers) - 1)
	for _, w := range s.workers[1:] {
		go func() {
			defer s.wait.Done()
			s.work(w)
		}()
	}
	s.work(s.workers[0])
	s.wait.Wait()
	s.ctx = nil
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, err := range s.errs {
		if err != nil {
			return &optim.FailedError{Err: err}
		}
	}
	return nil
}

func (s *shooting) work(w *shooter) {
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.errs) {
			return
		}
		s.errs[i] = s.solve(w, i)
	}
}

func (s *shooting) solve(w *shooter, i int) error {
	t, tr := s.t, &s.t.trajectories[i]
	copy(w.y0, tr.y0)
	for _, u := range tr.unknown {
		w.y0[u.state] = s.theta[u.at] * t.size[u.state]
	}
	c := &s.curves[i]
	p, end := s.theta[:t.params], c.times[len(c.times)-1]
	if s.j == nil {
		sol, err := w.fj.Linearize(s.ctx, p, w.y0, tr.t0, end, c.times)
		if err != nil {
			return err
		}
		at := c.first
		for v, f := range c.factor {
			if f != 0 {
				s.r[at] = f * (sol.Y[v] - c.values[v])
				at++
			}
		}
		return nil
	}
	sol, dY, err := w.fj.Solve(s.ctx, p, w.y0, tr.t0, end, c.times)
	if err != nil {
		return err
	}
	at, cols := c.first, w.fj.Columns()
	for v, f := range c.factor {
		if f == 0 {
			continue
		}
		s.r[at] = f * (sol.Y[v] - c.values[v])
		row, d := s.j[at*t.total:(at+1)*t.total], dY[v*cols:(v+1)*cols]
		for m := range t.params {
			row[m] = f * d[m]
		}
		for _, u := range tr.unknown {
			row[u.at] = f * d[t.params+u.state] * t.size[u.state]
		}
		at++
	}
	return nil
}

// metric is the mean of |model − data|/range over the observed values at residuals r.
func (s *shooting) metric(r []float64) float64 {
	ranges := s.t.stats.Ranges()
	k, at, n, sum := len(s.t.states), 0, 0, 0.0
	for i := range s.curves {
		c := &s.curves[i]
		for v, f := range c.factor {
			if f == 0 {
				continue
			}
			if span := ranges[v%k]; span > 0 && c.real[v/k] {
				sum += math.Abs(r[at]) / (f * span)
				n++
			}
			at++
		}
	}
	return sum / float64(n)
}
