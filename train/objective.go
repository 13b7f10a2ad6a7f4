package train

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/sens"
)

// maxGroups is the number of partial sums that the trajectories of an epoch are added up in. It is fixed, and the partial sums
// are added in a fixed order, so that results do not depend on the number of workers.
const maxGroups = 32

// evaluation is the loss at one θ, with its gradient.
type evaluation struct {
	loss, mae float64
	grad      []float64
	err       error // of the first trajectory that could not be solved
}

// objective evaluates the loss for several θ at once, in parallel over candidates and trajectories. Nothing allocates per call.
type objective struct {
	t      *task
	rows   []int // of every trajectory, how many rows count in this epoch
	groups [][2]int
	jobs   []job

	ctx     context.Context
	pending []*job
	next    atomic.Int64
	workers []*worker
	wake    chan struct{}
	done    sync.WaitGroup
}

// job is one group of trajectories at one θ.
type job struct {
	theta  []float64
	first  int
	end    int
	loss   float64
	scaled float64
	grad   []float64
	err    error
}

// worker is what one goroutine evaluates with.
type worker struct {
	o    *objective
	eval sens.Evaluator
	grad sens.Gradient
	loss dataLoss
	y0   []float64
}

// newObjective makes workspaces for up to candidates θ per call. Close ends its goroutines.
func newObjective(t *task, candidates int) (*objective, error) {
	o := &objective{t: t, rows: make([]int, len(t.trajectories))}
	for i := range t.trajectories {
		o.rows[i] = len(t.trajectories[i].times)
	}
	n := min(len(t.trajectories), maxGroups)
	for g := range n {
		o.groups = append(o.groups, [2]int{g * len(t.trajectories) / n, (g + 1) * len(t.trajectories) / n})
	}
	o.jobs = make([]job, candidates*n)
	for i := range o.jobs {
		o.jobs[i].grad = make([]float64, t.total)
	}
	o.pending = make([]*job, 0, len(o.jobs))
	scale := lossScale(t.cfg.Loss.Scale, t.stats)
	for i, s := range scale {
		if s > 0 {
			scale[i] = 1 / s
		}
	}
	for range min(runtime.GOMAXPROCS(0), len(o.jobs)) {
		eval, err := t.method.New(t.setup)
		if err != nil {
			return nil, err
		}
		o.workers = append(o.workers, &worker{
			o: o, eval: eval, y0: make([]float64, len(t.states)),
			loss: dataLoss{kind: lossKinds[t.cfg.Loss.Kind], delta: t.cfg.Loss.HuberDelta, inverse: scale, ranges: t.stats.Ranges()},
		})
	}
	o.wake = make(chan struct{}, len(o.workers))
	for _, w := range o.workers[1:] {
		go w.serve()
	}
	return o, nil
}

// Close ends the goroutines.
func (o *objective) Close() { close(o.wake) }

// full lets every row count; otherwise a recipe sets o.rows.
func (o *objective) full() {
	for i := range o.rows {
		o.rows[i] = len(o.t.trajectories[i].times)
	}
}

// evaluate computes the loss, the metric on the same rows and the gradient at every θ. A cancelled context is its only error; what else
// goes wrong is in the evaluations.
func (o *objective) evaluate(ctx context.Context, thetas [][]float64, out []*evaluation) error {
	n := len(o.groups)
	o.ctx, o.pending = ctx, o.pending[:0]
	for c, theta := range thetas {
		for g, part := range o.groups {
			j := &o.jobs[c*n+g]
			j.theta, j.first, j.end = theta, part[0], part[1]
			o.pending = append(o.pending, j)
		}
	}
	o.next.Store(0)
	helpers := min(len(o.workers), len(o.pending)) - 1
	o.done.Add(helpers)
	for range helpers {
		o.wake <- struct{}{}
	}
	o.workers[0].work()
	o.done.Wait()
	o.ctx = nil
	if err := context.Cause(ctx); err != nil {
		return err
	}
	weight, count := 0.0, 0.0
	for i := range o.t.trajectories {
		weight += o.t.trajectories[i].weight[o.rows[i]]
		count += o.t.trajectories[i].count[o.rows[i]]
	}
	for c := range thetas {
		o.reduce(out[c], o.jobs[c*n:(c+1)*n], weight, count)
	}
	return nil
}

// reduce adds up the groups of one θ in their order.
func (o *objective) reduce(e *evaluation, jobs []job, weight, count float64) {
	e.loss, e.mae, e.err = 0, 0, nil
	clear(e.grad)
	for i := range jobs {
		j := &jobs[i]
		if j.err != nil {
			e.err = j.err
			return
		}
		e.loss += j.loss
		e.mae += j.scaled
		for i, g := range j.grad {
			e.grad[i] += g
		}
	}
	e.loss /= weight
	e.mae /= count
	for i := range e.grad {
		e.grad[i] /= weight
	}
	if !(e.loss-e.loss == 0) {
		e.err = &optim.NonFiniteError{What: "loss", Value: e.loss}
	} else {
		e.err = optim.CheckFinite("gradient", e.grad)
	}
}

func (w *worker) serve() {
	for range w.o.wake {
		w.work()
		w.o.done.Done()
	}
}

// work takes jobs until there are none.
func (w *worker) work() {
	for {
		i := int(w.o.next.Add(1)) - 1
		if i >= len(w.o.pending) {
			return
		}
		w.do(w.o.pending[i])
	}
}

func (w *worker) do(j *job) {
	t := w.o.t
	clear(j.grad)
	j.loss, j.scaled, j.err = 0, 0, nil
	for i := j.first; i < j.end; i++ {
		tr, rows := &t.trajectories[i], w.o.rows[i]
		if rows == 0 {
			continue
		}
		copy(w.y0, tr.y0)
		for _, u := range tr.unknown {
			w.y0[u.state] = j.theta[u.at] * t.size[u.state]
		}
		w.loss.tr, w.loss.scaled = tr, 0
		times := tr.times[:rows]
		j.err = w.eval.Gradient(w.o.ctx, &w.grad, j.theta[:t.params], w.y0, tr.t0, times[rows-1], times, &w.loss)
		if j.err != nil {
			return
		}
		j.loss += w.grad.Loss
		j.scaled += w.loss.scaled
		for i, g := range w.grad.Params {
			j.grad[i] += g
		}
		for _, u := range tr.unknown {
			j.grad[u.at] += w.grad.Initial[u.state] * t.size[u.state]
		}
	}
}
