package bench

import (
	"cmp"
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
	// solvers are those that it is computed with; nil means all that are asked for.
	solvers []ode.Method
	// perDecade relative tolerances are tried; 0 means 2.
	perDecade int
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

// Relative tolerances are tried from loosest to tightest.
const (
	loosestTolerance  = 1e-1
	tightestTolerance = 1e-13
)

// search tries solvers at tolerances from loose to tight, until their error is well below the tightest target or their time well above that of the
// best setting that reaches it, and then between the tolerances of which one reaches a target and the next does not.
func (w *workload) search(ctx context.Context, solvers []ode.Method, targets []float64) ([]setting, error) {
	const margin, patience = 10, 4
	tightest := slices.Min(targets)
	perDecade := max(w.perDecade, 2)
	if w.solvers != nil {
		solvers = w.solvers
	}
	var out []setting
	best := math.Inf(1)
	for _, m := range solvers {
		first := len(out)
		for a := range w.atols {
			for k := 0; ; k++ {
				rtol := loosestTolerance * math.Pow(10, -float64(k)/float64(perDecade))
				if rtol < tightestTolerance*(1-1e-9) {
					break
				}
				s, ok, err := w.try(ctx, m, a, rtol)
				if err != nil {
					return nil, err
				}
				if !ok {
					continue // a tolerance too loose or too tight for this solver
				}
				out = append(out, s)
				if s.error <= tightest {
					best = min(best, s.quick)
				}
				if s.error <= tightest/margin || s.quick > patience*best {
					break
				}
			}
		}
		for _, target := range targets {
			closer, err := w.bisect(ctx, out[first:], target)
			if err != nil {
				return nil, err
			}
			out = append(out, closer...)
		}
	}
	for i := range w.others {
		found, err := w.others[i].search(ctx, solvers, targets)
		if err != nil {
			return nil, err
		}
		for j := range found {
			if found[j].work == nil {
				found[j].work = &w.others[i]
			}
		}
		out = append(out, found...)
	}
	return out, nil
}

// try computes with one setting; it is not ok where that fails.
func (w *workload) try(ctx context.Context, m ode.Method, atol int, rtol float64) (s setting, ok bool, err error) {
	if ctx.Err() != nil {
		return s, false, context.Cause(ctx)
	}
	s = setting{opt: ode.Options{Method: m, RTol: rtol, ATol: w.atols[atol](rtol), MaxSteps: 100_000}, atol: atol}
	compute, wrong, err := w.make(s.opt)
	if err != nil {
		return s, false, nil
	}
	if s.quick, err = quickTime(compute); err != nil {
		return s, false, nil
	}
	s.error = wrong()
	return s, true, nil
}

// bisect tries tolerances between two neighbours of which the tighter reaches the target and the looser does not, wherever the tighter comes near the
// fastest: its time may have been disturbed. All settings are of one method.
func (w *workload) bisect(ctx context.Context, settings []setting, target float64) ([]setting, error) {
	const halvings, near = 3, 2
	best := math.Inf(1) // of those that reach the target
	for i := range settings {
		if s := &settings[i]; s.error <= target {
			best = min(best, s.quick)
		}
	}
	var out []setting
	for i := range settings {
		s := &settings[i]
		if s.error > target || s.quick > near*best {
			continue
		}
		reaches := s.opt.RTol
		looser := (*setting)(nil)
		for j := range settings {
			if q := &settings[j]; q.atol == s.atol && q.opt.RTol > reaches && (looser == nil || q.opt.RTol < looser.opt.RTol) {
				looser = q
			}
		}
		if looser == nil || looser.error <= target {
			continue
		}
		misses := looser.opt.RTol
		for range halvings {
			middle := math.Sqrt(reaches * misses)
			s, ok, err := w.try(ctx, s.opt.Method, s.atol, middle)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, s)
			}
			if ok && s.error <= target {
				reaches = middle
			} else {
				misses = middle
			}
		}
	}
	return out, nil
}

// fastest is the setting that computes fastest among those with an error of at most the target, nil if there is none, and its time when repeated
// as long as asked.
func (w *workload) fastest(ctx context.Context, settings []setting, target float64, accept func(ode.Method) bool, during time.Duration) (*setting, timing, error) {
	best, compute, err := w.choose(ctx, settings, target, accept)
	if best == nil || err != nil {
		return nil, timing{}, err
	}
	took, err := timeOf(during, compute)
	if err != nil {
		return nil, timing{}, err
	}
	return best, took, nil
}

// choose takes those settings that looked cheapest in the search, times them once more, one right after the other, lets the cheapest take turns, and returns
// the fastest with what computes it. It is nil if no setting has an error of at most the target.
func (w *workload) choose(ctx context.Context, settings []setting, target float64, accept func(ode.Method) bool) (*setting, ownSide, error) {
	const most, near, disturbed = 12, 1.5, 2
	var able []*setting
	for i := range settings {
		if s := &settings[i]; s.error <= target && accept(s.opt.Method) {
			able = append(able, s)
		}
	}
	quick := func(s *setting) float64 { return s.quick }
	cheapestFirst := func() {
		slices.SortStableFunc(able, func(a, b *setting) int { return cmp.Compare(a.quick, b.quick) })
	}
	cheapestFirst()
	able = nearFirst(able, quick, len(able), disturbed)
	if len(able) == 0 {
		return nil, nil, nil
	}
	computes := make(map[*setting]func() error, len(able))
	for _, s := range able {
		from := s.work
		if from == nil {
			from = w
		}
		compute, _, err := from.make(s.opt)
		if err != nil {
			return nil, nil, err
		}
		again, err := quickTime(compute)
		if err != nil {
			return nil, nil, err
		}
		s.quick, computes[s] = min(s.quick, again), compute
	}
	cheapestFirst()
	able = nearFirst(able, quick, most, near)
	sides := make([]side, len(able))
	for i, s := range able {
		sides[i] = ownSide(computes[s])
	}
	best, err := fastestSide(ctx, sides)
	if err != nil {
		return nil, nil, err
	}
	return able[best], sides[best].(ownSide), nil
}
