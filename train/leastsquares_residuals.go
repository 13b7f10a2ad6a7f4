package train

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/sens"
)

// curve is one trajectory as the residuals see it, or a segment of it: observed rows and, between them, interpolated ones.
type curve struct {
	t0      float64
	y0      []float64
	unknown []unknown
	times   []float64
	values  []float64 // len(times)×k
	factor  []float64 // of every difference; 0: not counted
	real    []bool    // of every row: observed
	first   int       // residual
}

// shooting is the least-squares problem of whole trajectories: one residual for every observed value that counts,
//
//	r = √w · (model − data)/scale / (relativeFloor + |data|/scale),
//
// in which the last factor, absent where the state carries measurement errors, makes small values count relative to themselves; or, where states
// jump,
//
//	r = √w · (asinh(model/size) − asinh(data/size)),
//
// which is the same near the data, and bounded by the number of decades where the model is still at rest or has jumped too early. Between the
// observed times the model is held to an interpolation of the data, as far as that can be trusted.
type shooting struct {
	t       *task
	curves  []curve
	rows    int
	sizes   []float64 // of log residuals; nil: relative ones
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

// layout makes curves. It counts their residuals.
type layout struct {
	t      *task
	scale  []float64
	curves []curve
	rows   int
}

// newCurves lays out the residuals of segments of length rows each, which begin in states estimated from the data, or of whole trajectories
// where length is 0. Of very many trajectories some are left out. Segments whose first state is not known are left out.
func newCurves(t *task, length int) (curves []curve, rows int) {
	l := layout{t: t, scale: lossScale(t.cfg.Loss.Scale, t.stats)}
	k := len(t.states)
	var known []course
	if length > 0 {
		known = t.courses()
	}
	for i := 0; i < len(t.trajectories); i += t.everyTrajectory() {
		tr := &t.trajectories[i]
		between := newInterpolation(t, tr)
		if length == 0 {
			l.add(tr, between, 0, len(tr.times), curve{t0: tr.t0, y0: tr.y0, unknown: tr.unknown})
			continue
		}
		for from := -1; from < len(tr.times)-1; from += length {
			c := curve{t0: tr.t0, y0: tr.y0, unknown: tr.unknown}
			if from >= 0 {
				y := known[tr.source].state(tr.times[from], k)
				if y == nil {
					continue
				}
				c = curve{t0: tr.times[from], y0: y}
			}
			l.add(tr, between, from+1, min(from+1+length, len(tr.times)), c)
		}
	}
	return l.curves, l.rows
}

// add appends rows from … to − 1 of a trajectory to the curve c, and c to the layout.
func (l *layout) add(tr *trajectory, between *interpolation, from, to int, c curve) {
	k := len(l.t.states)
	c.first = l.rows
	row := func(time float64, real bool, values, weights []float64) {
		c.times, c.real = append(c.times, time), append(c.real, real)
		for j, v := range values {
			f := l.factor(j, v, weights[j])
			if f != 0 {
				l.rows++
			} else {
				v = 0
			}
			c.values, c.factor = append(c.values, v), append(c.factor, f)
		}
	}
	for n := earlyRows; from == 0 && n > 0; n-- {
		if t, v, w := between.early(tr, n); v != nil {
			row(t, false, v, w)
		}
	}
	for n := from; n < to; n++ {
		if middle, v, w := between.before(n); v != nil && middle > c.t0 {
			row(middle, false, v, w)
		}
		row(tr.times[n], true, tr.values[n*k:(n+1)*k], tr.weights[n*k:(n+1)*k])
	}
	l.curves = append(l.curves, c)
}

// factor is what a difference of state j from the value is multiplied by.
func (l *layout) factor(j int, value, weight float64) float64 {
	if weight == 0 || math.IsNaN(value) || l.scale[j] == 0 {
		return 0
	}
	if l.t.logResiduals() {
		return math.Sqrt(weight)
	}
	f := math.Sqrt(weight) / l.scale[j]
	if l.t.stats.States[j].Noise == 0 {
		f /= relativeFloor + math.Abs(value)/l.scale[j]
	}
	return f
}

func newShooting(t *task, curves []curve, rows, workers int, rtol float64) (*shooting, error) {
	s := &shooting{t: t, curves: curves, rows: rows, errs: make([]error, len(curves))}
	if t.logResiduals() {
		s.sizes = t.sizes
	}
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
	t, c := s.t, &s.curves[i]
	copy(w.y0, c.y0)
	for _, u := range c.unknown {
		w.y0[u.state] = s.theta[u.at] * t.size[u.state]
	}
	p, end := s.theta[:t.params], c.times[len(c.times)-1]
	if s.j == nil {
		sol, err := w.fj.Linearize(s.ctx, p, w.y0, c.t0, end, c.times)
		if err != nil {
			return err
		}
		at := c.first
		for v, f := range c.factor {
			if f != 0 {
				s.r[at], _ = s.residual(v, sol.Y[v], c.values[v], f)
				at++
			}
		}
		return nil
	}
	sol, dY, err := w.fj.Solve(s.ctx, p, w.y0, c.t0, end, c.times)
	if err != nil {
		return err
	}
	at, cols := c.first, w.fj.Columns()
	for v, f := range c.factor {
		if f == 0 {
			continue
		}
		s.r[at], f = s.residual(v, sol.Y[v], c.values[v], f)
		row, d := s.j[at*t.total:(at+1)*t.total], dY[v*cols:(v+1)*cols]
		for m := range t.params {
			row[m] = f * d[m]
		}
		for _, u := range c.unknown {
			row[u.at] = f * d[t.params+u.state] * t.size[u.state]
		}
		at++
	}
	return nil
}

// residual is that of value number v of a curve, and its derivative.
func (s *shooting) residual(v int, y, data, factor float64) (r, slope float64) {
	if s.sizes == nil {
		return factor * (y - data), factor
	}
	size := s.sizes[v%len(s.sizes)]
	return factor * (math.Asinh(y/size) - math.Asinh(data/size)), factor / math.Hypot(y, size)
}

// difference is model − data where the residual is r.
func (s *shooting) difference(v int, r, data, factor float64) float64 {
	if s.sizes == nil {
		return r / factor
	}
	size := s.sizes[v%len(s.sizes)]
	return size*math.Sinh(math.Asinh(data/size)+r/factor) - data
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
				sum += math.Abs(s.difference(v, r[at], c.values[v], f)) / span
				n++
			}
			at++
		}
	}
	return sum / float64(n)
}
