package bench

import (
	"fmt"
	"math"
)

// solveCounts are what a solve takes at an error: steps, evaluations, Jacobians and factorisations.
type solveCounts struct {
	error                            float64
	steps, evals, jacobians, factors float64
}

// cells are the counts, and no time.
func (c *solveCounts) cells() []string {
	return []string{fmt.Sprintf("%.0f", c.steps), fmt.Sprintf("%.0f", c.evals), fmt.Sprintf("%.0f", c.jacobians), fmt.Sprintf("%.0f", c.factors), ""}
}

const (
	// decades of error on either side of a target that a trend is drawn through, and the fewest points
	trendDecades = 1.5
	trendPoints  = 5
	// The error at a given tolerance jitters by a factor of two or three from one tolerance to the next; a trend drawn through a dozen of them gives
	// counts to about a tenth, and no comparison can be finer. Over all problems and errors the geometric mean must not exceed 1.
	trendResolution = 1.1
)

// trend is what is taken at an error, by straight lines through the logarithms of counts over that of the error at many tolerances: the cheapest
// tolerance whose error is small enough is a matter of luck, and the more of them are tried the luckier.
func trend(points []solveCounts, target float64) (solveCounts, bool) {
	var near []solveCounts
	for _, p := range points {
		if p.error > 0 && math.Abs(math.Log10(p.error/target)) <= trendDecades {
			near = append(near, p)
		}
	}
	if len(near) < trendPoints {
		return solveCounts{}, false
	}
	line := func(count func(*solveCounts) float64) float64 {
		n, sx, sy, sxx, sxy := float64(len(near)), 0.0, 0.0, 0.0, 0.0
		for i := range near {
			x, y := math.Log(near[i].error/target), math.Log(max(count(&near[i]), 1))
			sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
		}
		d := n*sxx - sx*sx
		if d <= 0 {
			return math.Exp(sy / n)
		}
		return math.Exp((sxx*sy - sx*sxy) / d)
	}
	return solveCounts{
		error: target, steps: line(func(c *solveCounts) float64 { return c.steps }), evals: line(func(c *solveCounts) float64 { return c.evals }),
		jacobians: line(func(c *solveCounts) float64 { return c.jacobians }), factors: line(func(c *solveCounts) float64 { return c.factors }),
	}, true
}

// bestTrend is the trend with the fewest evaluations among families of settings that differ in the tolerance only.
func bestTrend(families map[string][]solveCounts, target float64) (best solveCounts, ok bool) {
	for _, points := range families {
		if t, some := trend(points, target); some && (!ok || t.evals < best.evals) {
			best, ok = t, true
		}
	}
	return best, ok
}

// ourCounts are the runs of BDF by their kind of absolute tolerance.
func ourCounts(runs []solverRun) map[string][]solveCounts {
	out := map[string][]solveCounts{}
	for i := range runs {
		r := &runs[i]
		if !onlyBDF(r.opt.Method) {
			continue
		}
		key := fmt.Sprint(r.atol)
		s := &r.stats
		out[key] = append(out[key], solveCounts{r.error, float64(s.Steps), float64(s.Evals), float64(s.Jacobians), float64(s.Factorisations)})
	}
	return out
}

// theirCounts are CVODE's runs by their kind of absolute tolerance and variant.
func theirCounts(runs []baselineRun) map[string][]solveCounts {
	out := map[string][]solveCounts{}
	for i := range runs {
		b := &runs[i]
		if e := b.error(); !math.IsInf(e, 0) {
			key := b.Tolerance + b.Variant
			out[key] = append(out[key], solveCounts{e, float64(b.Steps), float64(b.Evals), float64(b.Jacobians), float64(b.Setups)})
		}
	}
	return out
}

// countRatios gathers the ratios of our counts to a peer's.
type countRatios struct {
	steps, evals, factors float64 // sums of logarithms
	n                     int
}

// add claims that no count is larger than the peer's, as finely as trends can tell.
func (c *countRatios) add(r *Report, what string, ours, peer solveCounts) {
	steps, evals, factors := ours.steps/peer.steps, ours.evals/peer.evals, ours.factors/peer.factors
	r.claim(steps <= trendResolution && evals <= trendResolution && factors <= trendResolution,
		"%s: %.2f of the peer's steps, %.2f of its evaluations, %.2f of its factorisations, at most %g each", what, steps, evals, factors, trendResolution)
	c.steps += math.Log(steps)
	c.evals += math.Log(evals)
	c.factors += math.Log(factors)
	c.n++
}

// judge claims that the geometric means do not exceed 1.
func (c *countRatios) judge(r *Report) {
	if c.n == 0 {
		return
	}
	mean := func(sum float64) float64 { return math.Exp(sum / float64(c.n)) }
	steps, evals, factors := mean(c.steps), mean(c.evals), mean(c.factors)
	r.claim(steps <= 1 && evals <= 1 && factors <= 1, "geometric mean over %d problems and errors: %.2f of CVODE's steps, %.2f of its evaluations, %.2f of its factorisations, at most 1 each", c.n, steps, evals, factors)
}
