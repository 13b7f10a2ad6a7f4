package paper

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/internal/bench"
)

var inf = math.Inf(1)

func reversedOutcomes(n int, at float64, newton bool) []reversedOutcome {
	return slices.Repeat([]reversedOutcome{{failed: true, at: at, newton: newton}}, n)
}

func growths(e float64) costFinding {
	var f costFinding
	for k := bench.Separated; k <= bench.AdjointChunks; k++ {
		f = append(f, bench.CostOrder{Kind: k, Exponent: e, Least: 0.85, Most: 1.15})
	}
	return f
}

// verdicts has, for every entry, findings under which all claims must agree and all checks hold, and findings each of which changes the outcome of the claims
// and checks listed, by their number, and of no others.
var verdicts = map[string]struct {
	agree  finding
	differ []changed
}{
	"stiffness": {stiffnessFinding{2, 1, map[string]float64{"ROBER": 1e9, "POLLU": 1e13}}, []changed{
		{stiffnessFinding{1, 1, map[string]float64{"ROBER": 1e9, "POLLU": 1e13}}, []int{0}, nil},
		{stiffnessFinding{2, 0, map[string]float64{"ROBER": 1e9, "POLLU": 1e13}}, []int{0}, nil},
		{stiffnessFinding{2, 1, map[string]float64{"ROBER": 1e4, "POLLU": 1e13}}, []int{1}, nil},
		{stiffnessFinding{2, 1, map[string]float64{"ROBER": 1e9, "POLLU": 3}}, []int{2}, nil},
	}},
	"fig1": {reverseFinding{tol: 1e-6, paper: 0.72, errs: []float64{0.5, 0.9, inf}}, []changed{
		{reverseFinding{paper: 0.72, errs: []float64{0.5, inf, inf}}, []int{0}, nil},
		{reverseFinding{paper: 0.72, errs: []float64{8, 9, 10}}, []int{0}, nil},
		{reverseFinding{paper: 0.72, errs: []float64{0.01, 0.02, 0.03}}, []int{0}, nil},
		{reverseFinding{paper: 0.72, errs: []float64{inf, inf, inf}}, []int{0}, nil},
	}},
	"fig2": {zoomFinding{1.2e-10}, []changed{{zoomFinding{1.5e-11}, []int{0}, nil}, {zoomFinding{1e-13}, []int{0, 1}, nil}, {zoomFinding{1e-8}, []int{0, 1}, nil}, {zoomFinding{math.NaN()}, []int{0, 1}, nil}}},
	"reversed": {reversedFinding{end: 1e5, outcomes: reversedOutcomes(9, 99999.9, true)}, []changed{
		{reversedFinding{end: 1e5, outcomes: reversedOutcomes(9, 99999.9, false)}, []int{1}, nil},
		{reversedFinding{end: 1e5, outcomes: reversedOutcomes(9, 5e4, true)}, []int{0, 1}, nil},
		{reversedFinding{end: 1e5, outcomes: append(reversedOutcomes(8, 99999.9, true), reversedOutcome{off: 1e-3})}, []int{0, 1}, nil},
		{reversedFinding{end: 1e5, outcomes: append(reversedOutcomes(8, 99999.9, true), reversedOutcome{forward: true, failed: true, at: 1e5, newton: true})}, []int{0, 1}, nil},
	}},
	"agreement": {agreementFinding{[]float64{-91.912, -5.263e-8, 3.1579e-4}, []float64{-91.913, -5.2631e-8, 3.158e-4}}, []changed{
		{agreementFinding{[]float64{-91.912, -5.27e-8, 3.1579e-4}, []float64{-91.913, -5.2631e-8, 3.158e-4}}, []int{0}, nil},
		{agreementFinding{nil, []float64{-91.913, -5.2631e-8, 3.158e-4}}, []int{0}, nil},
		{agreementFinding{nil, nil}, []int{0}, nil},
	}},
	"fig3": {linearFinding{growth: 1.02, defaults: 0.012, last: inf}, []changed{
		{linearFinding{growth: 0.1, defaults: 0.012, last: inf}, []int{0}, nil},
		{linearFinding{growth: 1, defaults: 4e-6, onePercent: []string{"rtol 1e-3"}, last: inf}, []int{1}, nil},
		{linearFinding{growth: 1, defaults: 8e35, last: inf}, []int{1}, nil},
		{linearFinding{growth: 1, defaults: 0.01, last: 1e-3}, []int{2}, nil},
	}},
	"cost": {growths(1), []changed{{growths(1.3), []int{0, 1, 2, 3, 4}, nil}, {growths(0.5), []int{0, 1, 2, 3, 4}, nil}, {growths(1)[1:], []int{0}, nil}, {costFinding(append(growths(1), bench.CostOrder{Kind: bench.Separated, Exponent: 3, Most: 1.1})), []int{0}, nil}}},
	"dae":  {daeFinding{1e-7, 1e-12}, []changed{{daeFinding{1e-3, 1e-12}, []int{0}, nil}, {daeFinding{1e-7, 1e-5}, nil, []int{0}}}},
	"fig4": {baselineFinding{settled: 1e3, half: 1.1e3, score: inf, spread: 16}, []changed{
		{baselineFinding{settled: 1e3, half: 1e5, score: 1, spread: 16}, []int{0}, nil},
		{baselineFinding{settled: 0.005, half: 0.005, score: 1, spread: 16}, []int{0}, nil},
		{baselineFinding{settled: 1e3, half: 1.1e3, score: 0.01, spread: 16}, []int{1}, nil},
		{baselineFinding{settled: 1e3, half: 1.1e3, score: 1, spread: 1.2}, []int{2}, nil},
	}},
	"fig6": {scaledFinding{best: 0.0044, settled: 0.006, spread: 1.2}, []changed{
		{scaledFinding{best: 0.02, settled: 0.006, spread: 1.2}, []int{0}, nil}, {scaledFinding{best: 0.0044, settled: 0.05, spread: 1.2}, []int{1}, nil},
		{scaledFinding{best: 0.0044, settled: 0.006, spread: 2.5}, []int{2}, nil}, {scaledFinding{best: 0.0044, settled: 0.006, spread: math.NaN()}, []int{2}, nil},
	}},
	"fig8": {pollutionFinding{0.004, 20, 20}, []changed{{pollutionFinding{0.01, 20, 20}, []int{0}, nil}, {pollutionFinding{0.004, 19, 20}, []int{1}, nil}, {pollutionFinding{0.004, 3, 3}, []int{1}, nil}}},
	"supplement": {supplementFinding{deep: 0.02, unscaled: 20, shallow: 0.16, shallowLong: 0.04, longEpochs: 200_000, pollu: 0.002, polluBaseline: 1e9}, []changed{
		{supplementFinding{deep: 0.02, unscaled: 0.05, shallow: 0.16, shallowLong: 0.04, longEpochs: 200_000, pollu: 0.002, polluBaseline: 1e9}, []int{0}, nil},
		{supplementFinding{deep: 0.02, unscaled: 20, shallow: 0.16, shallowLong: 0.14, longEpochs: 200_000, pollu: 0.002, polluBaseline: 1e9}, []int{1}, nil},
		{supplementFinding{deep: 0.02, unscaled: 20, shallow: 0.16, pollu: 0.002, polluBaseline: 1e9}, []int{1}, nil},
		{supplementFinding{deep: 0.02, unscaled: 20, shallow: 0.01, pollu: 0.002, polluBaseline: 1e9}, []int{1}, nil},
		{supplementFinding{deep: 0.02, unscaled: 20, shallow: 0.16, shallowLong: 0.04, longEpochs: 200_000, pollu: 0.002, polluBaseline: 0.003}, []int{2}, nil},
	}},
	"steer": {both{steerFinding{[]float64{3, 4, 5}, []float64{2, 3, 6}}, annealingFinding{[]float64{0.0056, 0.0064, 0.0064}, []float64{0.0045, 0.0049, 0.0039}}}, []changed{
		{both{steerFinding{[]float64{3, 4, 5}, []float64{3, 4, 5}}, annealingFinding{[]float64{2, 2, 2}, []float64{1, 1, 1}}}, []int{0}, nil},
		{both{steerFinding{[]float64{3, 4, 5}, []float64{1, 5, 6}}, annealingFinding{[]float64{2, 2, 2}, []float64{1, 1, 1}}}, []int{0}, nil},
		{both{steerFinding{[]float64{3, 4, 5}, []float64{1, 1, 1}}, annealingFinding{[]float64{2, 2, 2}, []float64{1, 3, 3}}}, []int{1}, nil},
		{both{steerFinding{[]float64{3, 4, 5}, []float64{1, 1, 1}}, annealingFinding{[]float64{2, 2, 2}, []float64{2, 2, 2}}}, []int{1}, nil},
	}},
	"training-stiffness": {flowFinding{3e8}, []changed{{flowFinding{3}, nil, []int{0}}, {flowFinding{math.NaN()}, nil, []int{0}}}},
	"beyond":             {beyondFinding{"ROBER", 1e-5, 4e-3}, []changed{{beyondFinding{"ROBER", 1e-2, 4e-3}, nil, []int{0}}, {beyondFinding{"ROBER", math.NaN(), 4e-3}, nil, []int{0}}}},
	"dae-study": {&daeStudyFinding{draws: 200, refused: 200, notStarted: 52, solved: 146, givenSolved: 200, points: 2420, lost: 563, givenLost: 3, jump: 0.2, givenJump: 0.03, violation: 1e-15, free: 1e-3}, []changed{
		{&daeStudyFinding{draws: 200, refused: 200, notStarted: 52, solved: 146, givenSolved: 200, points: 2420, lost: 563, jump: 0.2, givenJump: 0.03, violation: 1e-15, free: 1e-3}, []int{0}, nil},
		{&daeStudyFinding{draws: 200, refused: 0, solved: 200, givenSolved: 200, points: 2420, givenLost: 3, violation: 1e-15, free: 1e-3}, []int{1}, nil},
		{&daeStudyFinding{draws: 200, refused: 200, notStarted: 52, solved: 146, givenSolved: 200, points: 2420, lost: 563, givenLost: 3, jump: 0.2, givenJump: 0.03, violation: 1e-3, free: 1e-3}, nil, []int{0}},
	}},
}

// changed is a finding with the numbers of the claims that must not agree and of the checks that must not hold.
type changed struct {
	finding        finding
	claims, checks []int
}

// both are two findings of one entry.
type both struct{ a, b finding }

func (f both) judge(r *Result) { f.a.judge(r); f.b.judge(r) }

func TestVerdictsFollowTheData(t *testing.T) {
	for _, e := range Entries() {
		v, ok := verdicts[e.ID]
		if !ok {
			t.Errorf("%s: its verdicts are not tested", e.ID)
			continue
		}
		try := func(f finding, claims, checks []int) {
			t.Helper()
			var r Result
			f.judge(&r)
			if len(r.Claims)+len(r.Checks) == 0 {
				t.Errorf("%s: no claim and no check from %+v", e.ID, f)
			}
			for i, c := range r.Claims {
				if want := !slices.Contains(claims, i); want != (c.Verdict == Agrees) {
					t.Errorf("%s: %q, measured %q, %s: %+v", e.ID, c.Paper, c.Measured, c.Verdict, f)
				}
				if (c.Verdict == Agrees) != (c.Why == "") {
					t.Errorf("%s: %q %s, and the reason is %q", e.ID, c.Paper, c.Verdict, c.Why)
				}
			}
			for i, c := range r.Checks {
				if want := !slices.Contains(checks, i); want != c.Holds {
					t.Errorf("%s: check %q, measured %q, holds %v: %+v", e.ID, c.What, c.Measured, c.Holds, f)
				}
			}
		}
		try(v.agree, nil, nil)
		var claims Result
		v.agree.judge(&claims)
		var missed []int
		for i := range claims.Claims {
			missed = append(missed, i)
		}
		for _, d := range v.differ {
			try(d.finding, d.claims, d.checks)
			missed = slices.DeleteFunc(missed, func(i int) bool { return slices.Contains(d.claims, i) })
		}
		if len(missed) > 0 {
			t.Errorf("%s: claims %v were not tried with data that differ", e.ID, missed)
		}
	}
}

func TestUntestedIsSaid(t *testing.T) {
	var r Result
	linearFinding{growth: 1, defaults: 1e-6, onePercent: []string{"rtol 1e-4"}, last: inf}.judge(&r)
	supplementFinding{deep: 0.02, unscaled: 20, shallow: 0.16, pollu: 0.002, polluBaseline: 1e9}.judge(&r)
	n := 0
	for _, c := range r.Claims {
		if c.Verdict == Untested {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d claims cannot be tested, want 2", n)
	}
}

// Stiffness is measured by real parts and magnitudes: a fast oscillation that does not decay is not fast decay.
func TestMeasuresOfSpectra(t *testing.T) {
	s := &spectra{values: [][]complex128{{complex(-1, 1e6), complex(-1, -1e6), complex(-100, 0)}, {-1e4, -1, 0}}}
	if largest, fastest, ratio := s.measures(0); math.Abs(largest-1e6) > 1 || fastest != 100 || ratio != 100 {
		t.Errorf("oscillation: %g, %g, %g", largest, fastest, ratio)
	}
	if largest, fastest, ratio := s.measures(1); largest != 1e4 || fastest != 1e4 || ratio != 1e4 {
		t.Errorf("decay: %g, %g, %g", largest, fastest, ratio)
	}
	if s.zeros(0) != 0 || s.zeros(1) != 1 {
		t.Errorf("zeros: %d, %d", s.zeros(0), s.zeros(1))
	}
}

// What the reverse solves are judged by is what they are.
func TestRoundTripIsComputed(t *testing.T) {
	e, err := roundTrip(context.Background(), 5, 1e-6, 1e-6)
	if err != nil || !(e > 1e-9 && e < 1e-2) {
		t.Errorf("λ = 5: error %g, %v", e, err)
	}
	if e, _ := roundTrip(context.Background(), 60, 1e-6, 1e-6); !(e > 1e10) {
		t.Errorf("λ = 60: error %g, too small for an amplification by e^60", e)
	}
}
