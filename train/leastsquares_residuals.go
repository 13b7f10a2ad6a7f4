package train

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/sens"
)

// shooting is the least-squares problem of whole trajectories: one residual for every observed value that counts,
//
//	r = √w · (model − data)/scale / (relativeFloor + |data|/scale),
//
// in which the last factor, absent where the state carries measurement errors, makes small values count relative to themselves.
type shooting struct {
	t       *task
	root    [][]float64 // of every trajectory, the factor of every value; 0: not counted
	first   []int       // of every trajectory, its first residual
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

// residualFactors returns √w/scale/(…) for every value of every trajectory, and how many of them count.
func residualFactors(t *task, relative bool) (root [][]float64, rows int) {
	scale := lossScale(t.cfg.Loss.Scale, t.stats)
	k := len(t.states)
	for i := range t.trajectories {
		tr := &t.trajectories[i]
		f := make([]float64, len(tr.values))
		for v, w := range tr.weights {
			if w == 0 || math.IsNaN(tr.values[v]) {
				continue
			}
			s := scale[v%k]
			f[v] = math.Sqrt(w) / s
			if relative && t.stats.States[v%k].Noise == 0 {
				f[v] /= relativeFloor + math.Abs(tr.values[v])/s
			}
			rows++
		}
		root = append(root, f)
	}
	return root, rows
}

func newShooting(t *task, root [][]float64, rows, workers int, rtol float64) (*shooting, error) {
	s := &shooting{t: t, root: root, rows: rows, errs: make([]error, len(t.trajectories))}
	at := 0
	for i := range root {
		s.first = append(s.first, at)
		for _, f := range root[i] {
			if f != 0 {
				at++
			}
		}
	}
	inner := 1
	if len(root) == 1 {
		inner, workers = workers, 1
	}
	setup := t.setup
	setup.Options.RTol = rtol
	for range min(workers, len(root)) {
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
	p, end := s.theta[:t.params], tr.times[len(tr.times)-1]
	if s.j == nil {
		sol, err := w.fj.Linearize(s.ctx, p, w.y0, tr.t0, end, tr.times)
		if err != nil {
			return err
		}
		at := s.first[i]
		for v, f := range s.root[i] {
			if f != 0 {
				s.r[at] = f * (sol.Y[v] - tr.values[v])
				at++
			}
		}
		return nil
	}
	sol, dY, err := w.fj.Solve(s.ctx, p, w.y0, tr.t0, end, tr.times)
	if err != nil {
		return err
	}
	at, cols := s.first[i], w.fj.Columns()
	for v, f := range s.root[i] {
		if f == 0 {
			continue
		}
		s.r[at] = f * (sol.Y[v] - tr.values[v])
		row, d := s.j[at*t.total:(at+1)*t.total], dY[v*cols:(v+1)*cols]
		for c := range t.params {
			row[c] = f * d[c]
		}
		for _, u := range tr.unknown {
			row[u.at] = f * d[t.params+u.state] * t.size[u.state]
		}
		at++
	}
	return nil
}

// metric is the mean of |model − data|/range at residuals r.
func (s *shooting) metric(r []float64) float64 {
	ranges := s.t.stats.Ranges()
	k, at, n, sum := len(s.t.states), 0, 0, 0.0
	for i := range s.root {
		for v, f := range s.root[i] {
			if f == 0 {
				continue
			}
			if span := ranges[v%k]; span > 0 {
				sum += math.Abs(r[at]) / (f * span)
				n++
			}
			at++
		}
	}
	return sum / float64(n)
}
