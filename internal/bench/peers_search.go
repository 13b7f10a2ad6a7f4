package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/ode"
)

// A workload is one thing to be computed, by any solver at any tolerance: make binds it to them and returns a function that computes it
// once and one that says how wrong the last result is.
type workload struct {
	// label says by which method, where there are several.
	label string
	make  func(opt ode.Options) (compute func() error, err func() float64, made error)
	// atols are the absolute tolerances tried for a relative one.
	atols []func(rtol float64) []float64
	// others are further ways to the same result, which are tried too.
	others []workload
}

// A setting of a workload, with its error and the time of a few runs.
type setting struct {
	// work is what it belongs to, nil for the workload searched itself.
	work  *workload
	opt   ode.Options
	atol  int
	error float64
	quick float64
}

func (s *setting) String() string {
	text := fmt.Sprintf("%s, rtol %.2g", s.opt.Method.Info().Name, s.opt.RTol)
	if s.work != nil {
		text += ", " + s.work.label
	}
	return text
}

// search tries solvers at tolerances of two a decade, from loose to tight, until their error is well below the tightest target or their time
// well above that of the best setting that reaches it.
func (w *workload) search(ctx context.Context, solvers []ode.Method, tightest float64) ([]setting, error) {
	const margin, patience = 10, 4
	var out []setting
	best := math.Inf(1)
	for _, m := range solvers {
		for a, atol := range w.atols {
			for half := 2; half <= 24; half++ {
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				rtol := math.Pow(10, -float64(half)/2)
				s := setting{opt: ode.Options{Method: m, RTol: rtol, ATol: atol(rtol), MaxSteps: 100_000}, atol: a}
				compute, wrong, err := w.make(s.opt)
				if err != nil {
					break
				}
				if s.quick, err = quickTime(compute); err != nil {
					continue // a tolerance too loose or too tight for this solver
				}
				s.error = wrong()
				out = append(out, s)
				if s.error <= tightest {
					best = min(best, s.quick)
				}
				if s.error <= tightest/margin || s.quick > patience*best {
					break
				}
			}
		}
	}
	for i := range w.others {
		found, err := w.others[i].search(ctx, solvers, tightest)
		if err != nil {
			return nil, err
		}
		for j := range found {
			found[j].work = &w.others[i]
		}
		out = append(out, found...)
	}
	return out, nil
}

// fastest measures the settings that look cheapest among those with an error of at most the target, and returns the best. It is nil if there
// is none.
func (w *workload) fastest(settings []setting, target float64, accept func(ode.Method) bool, during time.Duration) (*setting, timing, error) {
	const finalists = 3
	var able []setting
	for _, s := range settings {
		if s.error <= target && accept(s.opt.Method) {
			able = append(able, s)
		}
	}
	slices.SortStableFunc(able, func(a, b setting) int {
		switch {
		case a.quick < b.quick:
			return -1
		case a.quick > b.quick:
			return 1
		}
		return 0
	})
	var best *setting
	var time timing
	for i := range able[:min(finalists, len(able))] {
		from := able[i].work
		if from == nil {
			from = w
		}
		compute, _, err := from.make(able[i].opt)
		if err != nil {
			return nil, timing{}, err
		}
		t, err := timeOf(during, compute)
		if err != nil {
			return nil, timing{}, err
		}
		if best == nil || t.median < time.median {
			best, time = &able[i], t
		}
	}
	return best, time, nil
}
