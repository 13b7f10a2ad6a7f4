package paper

import (
	"fmt"
	"math"
	"strings"

	"github.com/stiffnode/stiffnode/ode"
)

// reverseFinding is what a reverse solve misses y1(0) by at tolerances about one of the paper's; +Inf where it failed or blew up.
type reverseFinding struct {
	tol, paper float64
	errs       []float64
	// other is the same with another Newton constant, otherNewton.
	other       []float64
	otherNewton float64
}

func (f reverseFinding) judge(r *Result) {
	got := finite(f.errs)
	m := median(got)
	r.claim(2*len(got) > len(f.errs) && m <= 10*f.paper && m >= f.paper/10,
		fmt.Sprintf("tol = %s: the reverse solve misses y1(0) by %s", num(f.tol), percent(f.paper)), finished(m, len(got), len(f.errs)),
		fmt.Sprintf("the outcome is the damping that the method's numerics give to growing modes: with a Newton constant of %s, %s", num(f.otherNewton), finished(median(finite(f.other)), len(finite(f.other)), len(f.other))))
}

// zoomFinding is the largest error of the reversed y2 in the paper's zoom at tol = 1e-6.
type zoomFinding struct{ err float64 }

func (f zoomFinding) judge(r *Result) {
	r.claim(f.err >= 1e-10/3 && f.err <= 3e-10, "the reverse y2 has an error of about 1e-10 near t = 99 999.989 99", num(f.err)+" at tol 1e-6",
		fmt.Sprintf("it is %s; how far the reverse solve has departed so close to its start depends on its first steps, which are not given", times(f.err/1e-10)))
	amplified := 6e7 * f.err
	r.claim(amplified >= 1e-4 && amplified <= 1e-2, "k2 amplifies it by 6·10⁷ to an error of order 10⁻³ in the adjoint's coefficient", num(amplified), "it is the error above, amplified: "+times(amplified/1e-3))
}

// times says how a figure compares with the one expected, of which it is x times as much.
func times(x float64) string {
	switch {
	case !(x > 0) || math.IsInf(x, 0):
		return "not comparable"
	case x < 1:
		return fmt.Sprintf("%.3g times smaller", 1/x)
	}
	return fmt.Sprintf("%.3g times larger", x)
}

// A reversedOutcome is how the reversed adjoint ended at a tolerance.
type reversedOutcome struct {
	tol float64
	// forward says that the solve before it failed; then nothing is known.
	forward bool
	failed  bool
	// at is the time where it failed, newton whether Newton's iteration was what failed there, by reason the words for it.
	at     float64
	newton bool
	reason string
	// off is the largest relative error of a derivative where it did not fail.
	off float64
}

// nearStart is the part of the interval, from its end, in which a reverse pass that fails has failed near its start.
const nearStart = 0.01

// reversedFinding is the reversed adjoint on Robertson's problem from end back to 0 at several tolerances, with two Newton constants.
type reversedFinding struct {
	end      float64
	outcomes []reversedOutcome
	// tight are those with a tenth of the Newton constant.
	tight []reversedOutcome
}

func (f reversedFinding) count(list []reversedOutcome, of func(reversedOutcome) bool) int {
	n := 0
	for _, o := range list {
		if !o.forward && of(o) {
			n++
		}
	}
	return n
}

func (f reversedFinding) judge(r *Result) {
	near := func(o reversedOutcome) bool { return o.failed && o.at >= f.end*(1-nearStart) }
	newton := func(o reversedOutcome) bool { return near(o) && o.newton }
	n, all := f.count(f.outcomes, near), len(f.outcomes)
	r.claim(n == all, "the reversed adjoint exits near the start of the reverse pass for all tol = 1e-6 … 1e-14",
		fmt.Sprintf("it fails within the first %g %% of the reverse pass at %d of %d tolerances", 100*nearStart, n, all), "at the others it fails later or returns a gradient: see the table")
	k, kt := f.count(f.outcomes, newton), f.count(f.tight, newton)
	r.claim(k == all, "it exits with a Newton divergence", fmt.Sprintf("Newton's iteration is the latest reason at %d of %d tolerances", k, all),
		fmt.Sprintf("the other failures name what the table says: the state grows until a step of any size is rejected, and which test sees it first is the program's; with a tenth of the Newton constant it is Newton's iteration at %d of %d", kt, len(f.tight)))
}

// agreementFinding are two gradients at the paper's tolerances; an empty one could not be computed.
type agreementFinding struct {
	interpolating, discrete []float64
}

func (f agreementFinding) judge(r *Result) {
	const what = "interpolating (with checkpoints) and discrete gradients agree to at least three decimals on all derivatives at tol = 1e-6"
	if len(f.interpolating) == 0 || len(f.discrete) != len(f.interpolating) {
		r.claim(false, what, "one of them failed", "see the table")
		return
	}
	worst := 0.0
	for i, d := range f.discrete {
		worst = math.Max(worst, math.Abs(f.interpolating[i]-d)/math.Abs(d))
	}
	r.claim(worst <= 5e-4, what, "largest difference between the two, relative: "+num(worst), "see the table, also for another solver and a smaller atol")
}

// linearFinding is the round trip of u' = −λu.
type linearFinding struct {
	// growth is the increase of the logarithm of the error per unit of λ.
	growth float64
	// defaults is the relative error at λ = 100 with rtol 1e-3, atol 1e-6, the defaults of the paper's solver; onePercent are tolerances with which it is 1 %,
	// empty where none was found.
	defaults   float64
	onePercent []string
	// last is the error at λ = 10 000.
	last float64
}

func (f linearFinding) judge(r *Result) {
	r.claim(f.growth > 0.8 && f.growth < 1.25, "the error at t = 0 grows exponentially in |λ|", fmt.Sprintf("the logarithm of the error grows by %.2f per unit of λ between λ = 20 and 60 (atol 1e-6)", f.growth), "an exponent of 1 is expected")
	const about = "about 1 % error at λ = 100 (quoted from another paper, without tolerances)"
	switch {
	case f.defaults >= 0.01/3 && f.defaults <= 0.03:
		r.claim(true, about, percent(f.defaults)+" at rtol 1e-3, atol 1e-6", "")
	case len(f.onePercent) > 0:
		r.untested(about, percent(f.defaults)+" at rtol 1e-3, atol 1e-6; 1 % at "+strings.Join(f.onePercent, " and at "), "the error is whatever the tolerances make it, and they are not given")
	default:
		r.claim(false, about, percent(f.defaults)+" at rtol 1e-3, atol 1e-6", "1 % came out under no tolerance tried")
	}
	r.claim(!(f.last <= 0.5), "λ = 10 000 cannot be reversed in double precision", "error "+num(f.last), "it came back")
}

// newtonOf says whether Newton's iteration is what a failed solve last failed in.
func newtonOf(f *ode.Failure) bool { return f != nil && f.Last == ode.RejectNewton }
