package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// A gradientCase is a solve with a loss that is linear in the saved states, or the mean squared difference from data, and its exact gradient.
type gradientCase struct {
	problem *ode.Problem
	params  []float64
	y0      []float64
	t0, t1  float64
	times   []float64
	// weights are ∂L/∂y at every saved time (len(times)×k).
	weights []float64
	// data, where given, are values of the states at the saved times, from which the loss is the mean squared difference.
	data []float64
	// exact is ∂L/∂p.
	exact []float64
	// atol returns the absolute tolerances for a relative one.
	atol func(rtol float64) []float64
}

// At implements sens.Loss.
func (c *gradientCase) At(i int, _ float64, y, grad []float64) float64 {
	k := len(y)
	if c.data != nil {
		s, n := 0.0, float64(len(c.data))
		for j, v := range c.data[i*k : (i+1)*k] {
			d := y[j] - v
			s += d * d / n
			if grad != nil {
				grad[j] = 2 * d / n
			}
		}
		return s
	}
	w := c.weights[i*k : (i+1)*k]
	s := 0.0
	for j, v := range w {
		s += v * y[j]
	}
	if grad != nil {
		copy(grad, w)
	}
	return s
}

func (c *gradientCase) options(m ode.Method, rtol float64) ode.Options {
	return ode.Options{Method: m, RTol: rtol, ATol: c.atol(rtol), MaxSteps: 500_000}
}

// A measured gradient.
type gradientRun struct {
	gradient []float64
	stats    ode.Stats
	reverse  ode.Stats
	seconds  float64 // processor time of the fastest of the repeats
	bytes    uint64  // allocated while evaluator and first gradient were made
	held     uint64  // of these, still held afterwards: workspaces are kept, so that this is also the most that was held at any time
	// tightened is the tolerance at which the solve was differentiated if that is not the one asked for, stated the error that was asked for
	tightened float64
	stated    *sens.Estimate
	err       error
	// checkpoints of a pass under a memory limit
	checkpoints sens.Checkpoints
}

// measure computes a gradient, repeated for the time given at least.
func (c *gradientCase) measure(ctx context.Context, method sens.Method, opt ode.Options, during time.Duration) gradientRun {
	var run gradientRun
	var before, after runtime.MemStats
	runtime.LockOSThread() // whose clock is read: the methods measured work in one goroutine
	defer runtime.UnlockOSThread()
	runtime.GC()
	runtime.ReadMemStats(&before)
	ev, err := method.New(sens.Setup{Problem: c.problem, Options: opt})
	if err != nil {
		run.err = err
		return run
	}
	var g sens.Gradient
	run.seconds = math.Inf(1)
	began := time.Now()
	// the first repeat makes the workspace; where times matter there are two more at least, unless they take seconds
	for n := 0; n == 0 || time.Since(began) < during || during > 0 && n < 3 && time.Since(began) < time.Second; n++ {
		start := threadTime()
		if err := ev.Gradient(ctx, &g, c.params, c.y0, c.t0, c.t1, c.times, c); err != nil {
			run.err = err
			return run
		}
		run.seconds = min(run.seconds, (threadTime() - start).Seconds())
		if n == 0 {
			runtime.ReadMemStats(&after)
			run.bytes = after.TotalAlloc - before.TotalAlloc
			if during == 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
				run.held = max(after.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
			}
		}
	}
	runtime.KeepAlive(ev)
	run.gradient = append([]float64(nil), g.Params...)
	run.stats, run.reverse, run.checkpoints, run.tightened, run.stated = g.Forward, g.Reverse, g.Checkpoints, g.Tightened, g.Error
	return run
}

// refused says whether a run ended because the combination was refused when it was built.
func (r *gradientRun) refused() bool {
	var e *sens.RefusedError
	return errors.As(r.err, &e)
}

// relativeL2 is ‖a − b‖/‖b‖.
func relativeL2(a, b []float64) float64 {
	num, den := 0.0, 0.0
	for i, v := range b {
		d := a[i] - v
		num += d * d
		den += v * v
	}
	return math.Sqrt(num / den)
}

// worstComponent is the largest relative error of a component.
func worstComponent(a, b []float64) float64 {
	worst := 0.0
	for i, v := range b {
		worst = max(worst, math.Abs(a[i]/v-1))
	}
	return worst
}

// gradientMethods are the gradient methods of package sens but for backsolve, each as it is used by default.
func gradientMethods() []sens.Method {
	// tight tolerances with methods of order 2 need many steps
	rev := sens.ReverseOptions{MaxSteps: 500_000}
	return []sens.Method{
		sens.DiscreteReverse{}, sens.DiscreteForward{Workers: 1}, sens.ContinuousForward{Workers: 1},
		sens.GaussAdjoint{Reverse: rev}, sens.QuadratureAdjoint{Reverse: rev}, sens.IMEXAdjoint{Reverse: rev}, sens.InterpolatingAdjoint{Reverse: rev},
	}
}

// stiffSolvers are the implicit methods of order 2 and more.
func stiffSolvers() []ode.Method {
	var out []ode.Method
	for _, m := range ode.Methods() {
		if i := m.Info(); i.Implicit && i.Order >= 2 && !i.Split {
			out = append(out, m)
		}
	}
	return out
}

func sci(v float64) string { return fmt.Sprintf("%.2g", v) }

func milliseconds(s float64) string { return fmt.Sprintf("%.3g", 1e3*s) }

// outcome is what a table says of a run: its error, or why there is none.
func outcome(r *gradientRun, err float64) string {
	switch {
	case r.refused():
		return "refused"
	case r.err != nil:
		return "failed"
	}
	return sci(err)
}
