package sens

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/ode"
)

// ContinuousForward solves the sensitivity equations S′ = JS + ∂f/∂p, Eqs. 9 and 10 of Kim et al., along with the state: all columns of a chunk
// share the k×k factorisations of the state's steps and are solved as one block. By default they take part in the error test, so that the
// steps are small enough for them too, which frozen steps cannot promise.
type ContinuousForward struct {
	// StatesOnly leaves the sensitivities out of the error test.
	StatesOnly bool
	// Chunk is the number of columns that are solved together, rounded up to a multiple of 16; 0 means all, up to 960. Every chunk is a solve
	// of its own, with steps of its own.
	Chunk int
	// Workers is the number of chunks solved at a time; 0 means GOMAXPROCS. The result does not depend on it.
	Workers int
	// Scale holds the sizes of the parameters, by which absolute tolerances are divided; nil means their magnitudes, or 1 where they are zero.
	Scale []float64
}

var _ Method = ContinuousForward{}

// Info implements Method.
func (ContinuousForward) Info() Info {
	return Info{
		Name: "forward", Forward: true,
		Cost:   "O(N(k³ + k²m)) per chunk and solve",
		Memory: "O(s k) per column of a chunk; nothing is kept of the steps",
		Source: "Maly and Petzold, Appl. Numer. Math. 20, 57 (1996); Feehery, Tolsma, Barton, Appl. Numer. Math. 25, 41 (1997)",
	}
}

// New implements Method.
func (c ContinuousForward) New(s Setup) (Evaluator, error) {
	name := c.Info().Name
	pf, err := paramField(&s, name)
	if err != nil {
		return nil, err
	}
	if err := checkOptions(&s, name); err != nil {
		return nil, err
	}
	f := &continuousForward{setup: s, opt: c, k: s.Problem.Dim, m: pf.NumParams()}
	if c.Scale != nil && len(c.Scale) != f.m {
		return nil, &ode.InputError{What: "parameter scales", Msg: "must be as many as parameters"}
	}
	total := f.m + f.k
	chunk := c.Chunk
	if chunk <= 0 {
		chunk = maxChunk
	}
	f.chunk = roundUp(min(chunk, total), laneGrain)
	f.chunks = make([]chunkResult, (total+f.chunk-1)/f.chunk)
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for i := range min(workers, len(f.chunks)) {
		if i > 0 {
			if pf, err = paramField(&s, name); err != nil {
				return nil, err
			}
		}
		t := newTangents(newEngine(s.Problem, pf))
		t.group = f.chunk
		w := &forwardWorker{f: f}
		if w.l, err = newLockstep(&s, t, new(ode.Tape), !c.StatesOnly, name); err != nil {
			return nil, err
		}
		w.loop = w.work
		f.workers = append(f.workers, w)
	}
	return f, nil
}

type continuousForward struct {
	setup   Setup
	opt     ContinuousForward
	k, m    int
	chunk   int
	chunks  []chunkResult
	workers []*forwardWorker
	next    atomic.Int64
	wait    sync.WaitGroup
	call    forwardCall
	scale   []float64
	grads   []float64
}

// forwardCall is what one call of Gradient asks for.
type forwardCall struct {
	ctx    context.Context
	p, y0  []float64
	t0, t1 float64
	times  []float64
	loss   Loss
}

// chunkResult is the outcome of one chunk's solve.
type chunkResult struct {
	sol   *ode.Solution
	dY    []float64 // of all saved states, len(times)·k × columns
	extra []float64 // derivative of the integral
	cost  float64   // the integral
	stats ode.Stats
	err   error
}

type forwardWorker struct {
	f    *continuousForward
	l    *lockstep
	loop func()
	bad  any
	// the chunk in hand
	r     *chunkResult
	nodes nodes
	y, g  []float64
}

func (w *forwardWorker) work() {
	defer w.f.wait.Done()
	w.run()
}

func (w *forwardWorker) run() {
	defer func() { w.bad = recover() }()
	f := w.f
	c := &f.call
	for {
		i := int(f.next.Add(1)) - 1
		if i >= len(f.chunks) {
			return
		}
		r := &f.chunks[i]
		c0, c1 := i*f.chunk, min((i+1)*f.chunk, f.m+f.k)
		w.l.t.unit(c0, c1)
		r.dY = resize(r.dY, len(c.times)*f.k*(c1-c0))
		r.extra = resize(r.extra, c1-c0)
		clear(r.extra)
		r.cost = 0
		w.r, w.l.also = r, nil
		if _, ok := c.loss.(IntegralLoss); ok {
			if w.nodes.x == nil {
				_, dense := orders(w.l.solver.Method())
				w.nodes.init(dense)
				w.y, w.g = make([]float64, f.k), make([]float64, f.k)
			}
			w.l.also = w.integrate
		}
		w.l.t.e.stats = ode.Stats{}
		r.sol, r.err = w.l.run(c.ctx, c.p, c.y0, c.t0, c.t1, c.times, f.scale[c0:c1], w)
		r.stats = w.l.t.e.stats
		if r.sol != nil && len(f.chunks) > 1 {
			r.sol = r.sol.Clone() // the worker's solver goes on to another chunk
		}
		if r.err != nil {
			return
		}
	}
}

// saved implements sink.
func (w *forwardWorker) saved(o int, block []float64, _, cols, width int) {
	k := w.f.k
	for r := range k {
		copy(w.r.dY[(o*k+r)*cols:(o*k+r+1)*cols], block[r*width:r*width+cols])
	}
}

// integrate adds a step's share of an integral cost and of its derivative.
func (w *forwardWorker) integrate(s *ode.Step) {
	t, cur := w.l.t, &w.l.cur
	loss := w.f.call.loss.(IntegralLoss)
	weights := t.weights[:cur.rule.stages()]
	live := min(len(w.l.u)/t.e.k, cur.rule.stages())
	if !cur.rule.relative() {
		live = cur.rule.stages()
	}
	for j, x := range w.nodes.x {
		at := s.T + x*s.H
		s.AtTheta(w.y, x)
		clear(w.g)
		size := w.nodes.w[j] * math.Abs(s.H)
		w.r.cost += size * loss.Integrand(at, w.y, w.g)
		cur.rule.dense(weights, x, cur.h)
		t.output(t.out, cur.rule, weights[:live])
		for r, g := range w.g {
			addScaledPlainly(w.r.extra, size*g, t.out[r*t.width:r*t.width+t.cols])
		}
	}
}

// Gradient implements Evaluator.
func (f *continuousForward) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) error {
	if err := checkGradient(f.m, p, times); err != nil {
		return err
	}
	if len(y0) != f.k {
		return &ode.InputError{What: "initial state", Msg: "has the wrong number of values"}
	}
	f.scale = sizes(f.scale, p, y0, f.opt.Scale, f.setup.Problem)
	f.call = forwardCall{ctx, p, y0, t0, t1, times, loss}
	for i := range f.chunks {
		f.chunks[i].err = nil
	}
	f.next.Store(0)
	f.wait.Add(len(f.workers) - 1)
	for _, w := range f.workers[1:] {
		go w.loop()
	}
	f.workers[0].run()
	f.wait.Wait()
	defer func() { f.call = forwardCall{} }()
	for i := range f.chunks {
		if err := f.chunks[i].err; err != nil {
			return err
		}
	}
	for _, w := range f.workers {
		if w.bad != nil {
			return &ReverseError{Method: f.opt.Info().Name, Err: panicError{w.bad}}
		}
	}
	return f.collect(g, t0, t1, loss)
}

// collect makes the gradient from the chunks' results, in their order.
func (f *continuousForward) collect(g *Gradient, t0, t1 float64, loss Loss) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &ReverseError{Method: f.opt.Info().Name, Err: panicError{r}}
		}
	}()
	first := &f.chunks[0]
	n := len(first.sol.Y)
	f.grads = resize(f.grads, n)
	for i := len(f.chunks) - 1; i >= 0; i-- { // the first one last, so that its solution and loss stay in g
		r := &f.chunks[i]
		g.begin(r.sol, loss, f.grads, f.k, f.m)
		cols := min(f.chunk, f.m+f.k-i*f.chunk)
		for row, w := range f.grads {
			if w != 0 {
				addScaledPlainly(r.extra, w, r.dY[row*cols:(row+1)*cols])
			}
		}
	}
	for i := range f.chunks {
		for j, v := range f.chunks[i].extra {
			if c := i*f.chunk + j; c < f.m {
				g.Params[c] = v
			} else {
				g.Initial[c-f.m] = v
			}
		}
		g.Reverse.Add(&f.chunks[i].stats)
		if i > 0 {
			g.Forward.Add(&f.chunks[i].sol.Stats)
		}
	}
	g.Loss += first.cost
	e := f.workers[0].l.t.e
	bind(e.field, f.call.p) // this worker may have come too late for a chunk
	if err := g.endTime(e, first.sol, t0, t1, loss, f.grads); err != nil {
		return &ReverseError{Method: f.opt.Info().Name, Time: t1, Err: err}
	}
	return nil
}
