package sens

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/ode"
)

// columns runs forward mode over all columns of the derivative with respect to (p, y0), in chunks handed out to workers. What a
// column receives does not depend on the worker that computes it, so that results are the same bits for any number of workers.
type columns struct {
	workers []*columnWorker
	chunk   int
	total   int // columns wanted
	tape    *ode.Tape
	out     sink
	ctx     context.Context
	next    atomic.Int64
	wait    sync.WaitGroup
}

type columnWorker struct {
	c    *columns
	t    *tangents
	loop func() // w.work as a value, so that starting a goroutine allocates nothing
	at   int
	err  error
	bad  any // a panic
}

// Every chunk evaluates Jacobians and factorises anew, so there are by default as many as workers, up to maxChunk columns each, which keeps
// the blocks of a step in the second-level cache. The bits of a column must not depend on this division: chunks consist of groups of
// chunkGrain columns, for which the field is asked at a time, and blocks are filled up to a multiple of laneGrain columns, which the
// kernels treat alike wherever they stand.
const (
	chunkGrain = 96
	laneGrain  = 16
	maxChunk   = 10 * chunkGrain
)

func newColumns(s *Setup, field ode.ParamField, chunk, workers, total int, method string) (*columns, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	group := chunkGrain
	if chunk <= 0 {
		chunk = roundUp(min((total+workers-1)/workers, maxChunk), chunkGrain)
	} else {
		chunk = roundUp(chunk, laneGrain)
		group = min(group, chunk)
		chunk = chunk / group * group
	}
	workers = min(workers, (total+chunk-1)/chunk)
	c := &columns{chunk: chunk, total: total}
	for i := range max(workers, 1) {
		f := field
		if i > 0 {
			var err error
			if f, err = paramField(s, method); err != nil {
				return nil, err
			}
		}
		w := &columnWorker{c: c, t: newTangents(newEngine(s.Problem, f))}
		w.t.group = group
		w.loop = w.work
		c.workers = append(c.workers, w)
	}
	return c, nil
}

// roundUp is the smallest multiple of grain that is not smaller than n.
func roundUp(n, grain int) int { return (n + grain - 1) / grain * grain }

// run computes all columns for the recorded solve with parameters p. On an error it returns the step at which it occurred.
func (c *columns) run(ctx context.Context, tape *ode.Tape, p []float64, out sink) (at int, err error) {
	c.tape, c.out, c.ctx = tape, out, ctx
	c.next.Store(0)
	for _, w := range c.workers {
		w.t.e.stats = ode.Stats{}
		w.at, w.err, w.bad = 0, nil, nil
		bind(w.t.e.field, p)
	}
	c.wait.Add(len(c.workers) - 1)
	for _, w := range c.workers[1:] {
		go w.loop()
	}
	c.workers[0].chunks()
	c.wait.Wait()
	c.ctx, c.out = nil, nil
	for _, w := range c.workers {
		if w.bad != nil {
			panic(w.bad)
		}
		if w.err != nil {
			return w.at, w.err
		}
	}
	return 0, nil
}

func (w *columnWorker) work() {
	defer w.c.wait.Done()
	w.chunks()
}

func (w *columnWorker) chunks() {
	defer func() { w.bad = recover() }()
	c := w.c
	for w.err == nil {
		c0 := (int(c.next.Add(1)) - 1) * c.chunk
		if c0 >= c.total {
			return
		}
		if w.err = context.Cause(c.ctx); w.err != nil {
			return
		}
		w.t.unit(c0, min(c0+c.chunk, c.total))
		w.at, w.err = w.t.run(c.tape, c.out)
	}
}

// stats adds up the work of all workers.
func (c *columns) stats() (s ode.Stats) {
	for _, w := range c.workers {
		s.Add(&w.t.e.stats)
	}
	return s
}
