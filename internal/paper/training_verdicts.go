package paper

import "fmt"

// Bounds of words about training. A gradient norm that covers more than wild decades fluctuates wildly, one that covers fewer than steady is stable; a scaled
// mean absolute error above failure is a failure, one below success a success. What lies between is neither.
const (
	wild    = 3.0
	steady  = 2.0
	failure = 0.1
	success = 0.05
)

// baselineFinding is the baseline on Robertson's problem: the median of the last losses, the same half way, the error of the model, and the decades that the gradient
// norm covers.
type baselineFinding struct {
	settled, half, score, spread float64
	// tight is the spread of the same training with solves at a thousandth of the tolerance.
	tight float64
}

func (f baselineFinding) judge(r *Result) {
	r.claim(f.settled >= f.half/2 && f.settled >= 10*publishedROBER, "the loss flat-lines", fmt.Sprintf("median of %d losses at the end %s, half way %s; scaled network (published) %s", lastEpochs, num(f.settled), num(f.half), num(publishedROBER)), "it still falls, or is as low as that of the scaled network")
	r.claim(!(f.score <= failure), "it fails to reproduce the species' profiles", "scaled mean absolute error "+num(f.score), "it is a fit")
	r.claim(f.spread >= wild, "the gradient norm fluctuates highly", fmt.Sprintf("it covers %.1f decades", f.spread),
		fmt.Sprintf("fewer than %g decades, and %.1f where every solve is a thousand times as accurate; derivatives of solves too poor to be differentiated are made again at a tighter tolerance here, which the paper's program does not do", wild, f.tight))
}

// scaledFinding is the scaled network on Robertson's problem: lowest loss and median of the last losses of the best seed, that of the middle seed, and the decades that
// the gradient norm of the middle seed covers.
type scaledFinding struct{ best, settled, middle, spread float64 }

func (f scaledFinding) judge(r *Result) {
	r.claim(f.best <= 1.5*publishedBestROBER, "the loss falls to 0.0044 at best (released history)", "best seed "+num(f.best), "the outcome depends on the seed, which is not known")
	r.claim(f.settled <= 1.5*publishedROBER, "median of the last 1000 losses 0.0059 (released history)", "best seed "+num(f.settled)+", middle "+num(f.middle), "the outcome depends on the seed, which is not known")
	r.claim(f.spread <= steady, "the gradient norm is stable", fmt.Sprintf("middle seed: it covers %.1f decades", f.spread), fmt.Sprintf("more than %g decades", steady))
}

// pollutionFinding is the scaled network on POLLU: the median of the last losses, and of how many of its states the mean error is below success.
type pollutionFinding struct {
	settled      float64
	good, states int
}

func (f pollutionFinding) judge(r *Result) {
	r.claim(f.settled <= 1.5*publishedPOLLU, "median of the last 1000 losses 0.0039 (released history)", num(f.settled), "one seed of many")
	r.claim(f.good == f.states && f.states == 20, "it captures all 20 species", fmt.Sprintf("%d of %d states with a mean error below %g %% of their range", f.good, f.states, 100*success), "some species are missed")
}

// beyondFinding is the default training beside the best loss of the paper.
type beyondFinding struct {
	problem        string
	mae, published float64
}

func (f beyondFinding) judge(r *Result) {
	r.check(f.mae <= f.published, f.problem+": the default training is at least as good as the paper's best loss, "+num(f.published), num(f.mae)+"; the seconds are in the table below")
}

// supplementFinding are the lowest losses of the variants, of the middle seed.
type supplementFinding struct {
	// deep is the paper's network after epochs, unscaled the same without scaling.
	epochs         int
	deep, unscaled float64
	// shallow is the tanh network after as many epochs, shallowLong after longEpochs (0: not run).
	shallow, shallowLong float64
	longEpochs           int
	// states says how far each state of the shallow network is off.
	states string
	// pollu and polluBaseline are the scaled network and the baseline on POLLU.
	pollu, polluBaseline float64
}

func (f supplementFinding) judge(r *Result) {
	r.claim(f.unscaled >= failure && f.unscaled >= 3*f.deep, "without scaling the same deep network fails", "best "+num(f.unscaled)+" against "+num(f.deep), "it learned something")
	const shallow = "a shallow tanh network with scaling succeeds, but takes longer"
	switch {
	case f.shallow <= success:
		r.claim(f.shallow >= f.deep, shallow, fmt.Sprintf("best %s after %d epochs, the deep network %s", num(f.shallow), f.epochs, num(f.deep)), "it is as fast as the deep one")
	case f.longEpochs == 0:
		r.untested(shallow, fmt.Sprintf("best %s after %d epochs", num(f.shallow), f.epochs), "the paper says that it takes longer, and not how long: `stiffnode paper --long supplement` goes on")
	default:
		r.claim(f.shallowLong <= success, shallow, fmt.Sprintf("best %s after %d epochs, %s after %d", num(f.shallow), f.epochs, num(f.shallowLong), f.longEpochs),
			"it flat-lines at the mean of y2: "+f.states+"; neither more epochs nor other seeds changed that")
	}
	r.claim(f.polluBaseline >= failure && f.polluBaseline >= 3*f.pollu, "the baseline fails on POLLU", "best "+num(f.polluBaseline)+" against "+num(f.pollu)+" of the scaled network", "it learned something")
}

// steerFinding are the errors of models trained plainly and with STEER after the same epochs, seed by seed.
type steerFinding struct{ plain, steer []float64 }

// better is the number of seeds with which b is below a.
func better(a, b []float64) int {
	n := 0
	for i := range a {
		if b[i] < a[i] {
			n++
		}
	}
	return n
}

func (f steerFinding) judge(r *Result) {
	n := better(f.plain, f.steer)
	r.claim(median(f.steer) < median(f.plain) && 2*n > len(f.plain), "STEER accelerates training",
		fmt.Sprintf("middle of %d seeds: error %s against %s of plain training after the same epochs; better with %d of %d seeds", len(f.plain), num(median(f.steer)), num(median(f.plain)), n, len(f.plain)), "the interval's end, where truncation leaves data out, is seen less often")
}

// annealingFinding are the medians of the last losses of plain training and of training with a smaller learning rate at its later stages.
type annealingFinding struct{ plain, annealed []float64 }

func (f annealingFinding) judge(r *Result) {
	n := better(f.plain, f.annealed)
	r.claim(median(f.annealed) < median(f.plain) && 2*n > len(f.plain), "annealing the learning rate accelerates training at later stages",
		fmt.Sprintf("middle of %d seeds: loss %s against %s of plain training after the same epochs; better with %d of %d seeds", len(f.plain), num(median(f.annealed)), num(median(f.plain)), n, len(f.plain)), "the loss was not yet limited by the size of the steps")
}
