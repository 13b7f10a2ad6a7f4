package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
)

// diagnose looks in the data for what keeps a model from learning them.
func diagnose(set *data.Set, stats *data.Stats, v *Verdict, params int) []Finding {
	var out []Finding
	rows := set.Rows() - len(set.Trajectories)
	if rows < enoughRows {
		out = append(out, Finding{CauseFewRows, fmt.Sprintf("%s after the initial ones for %d parameters: any model that goes through them passes", plural(rows, "row"), params),
			"give more rows, or more trajectories"})
	}
	jumps := findJumps(set, stats)
	out = append(out, hidden(set, stats)...)
	if jumps != nil {
		out = append(out, *jumps)
	}
	if never := unobserved(stats); len(never) > 0 {
		out = append(out, Finding{CauseHiddenState, fmt.Sprintf("%s never observed", isOrAre(never)), "measure it in a few rows, or leave the column out and give a column for what the others depend on"})
	}
	const noisy = 0.05
	if v.Noise > noisy {
		out = append(out, Finding{CauseNoise, fmt.Sprintf("the errors of measurement are about %.2g of the ranges", v.Noise),
			"give more rows or repeated runs, or the size of the errors where it is known: --set loss.noise=…"})
	}
	if v.TimeRanOut {
		out = append(out, Finding{CauseTime, "the budget ended training before it had come to its end", "give it more time with --budget, or go on with --resume"})
	}
	if v.EpochsRanOut && !v.TimeRanOut {
		out = append(out, Finding{CauseTime, "the number of epochs ended training before it had come to its end", "give it more with --epochs"})
	}
	if v.Err != nil {
		out = append(out, Finding{CauseSolver, v.Err.Error(), "train with another --seed, a larger solver.max_steps or another model.output"})
	}
	if len(out) == 0 {
		out = append(out, Finding{CauseUnknown, "the data do not show why", "train with another --seed, more least_squares.starts, or a larger --network"})
	}
	return out
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func isOrAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " was"
	}
	return strings.Join(names, ", ") + " were"
}

func unobserved(stats *data.Stats) []string {
	var names []string
	for _, s := range stats.States {
		if s.Observed == 0 {
			names = append(names, s.Name)
		}
	}
	return names
}

// findJumps says where states jump between two observations: by a good part of their range, far faster than before, faster than after, and by more than
// errors of measurement make them, which move them in most intervals. The first interval does not count: what is fast at the start is a transient.
func findJumps(set *data.Set, stats *data.Stats) *Finding {
	const (
		part    = 0.25 // of the range
		before  = 5    // times as fast as in the interval before
		after   = 1.5  // and in the one after
		typical = 5    // times the middle change
		listed  = 4
	)
	k := len(set.States)
	var states, times []string
	count := 0
	for j, s := range stats.States {
		if s.Range() == 0 {
			continue
		}
		jumps := false
		for n := range set.Trajectories {
			tr := &set.Trajectories[n]
			x, y := seen(tr, j, k)
			var changes []float64
			for i := 1; i < len(y); i++ {
				changes = append(changes, math.Abs(y[i]-y[i-1]))
			}
			slices.Sort(changes)
			for i := 2; i+1 < len(x); i++ {
				rate := func(i int) float64 { return math.Abs(y[i]-y[i-1]) / (x[i] - x[i-1]) }
				least := max(part*s.Range(), typical*changes[len(changes)/2])
				if math.Abs(y[i]-y[i-1]) > least && rate(i) > max(before*rate(i-1), after*rate(i+1)) {
					jumps = true
					count++
					if at := fmt.Sprintf("%.6g", x[i]); len(times) < listed && !slices.Contains(times, at) {
						times = append(times, at)
					}
				}
			}
		}
		if jumps {
			states = append(states, s.Name)
		}
	}
	if len(states) == 0 {
		return nil
	}
	more := ""
	if count > len(times) {
		more = ", …"
	}
	verb := "jumps"
	if len(states) > 1 {
		verb = "jump"
	}
	return &Finding{CauseJumps, fmt.Sprintf("%s %s at t = %s%s", strings.Join(states, ", "), verb, strings.Join(times, ", "), more),
		"where something is added or switched from outside, begin a new trajectory there (a column named trajectory); where the system jumps by itself, give more rows at the jumps"}
}

// seen are the observations of a state.
func seen(tr *data.Trajectory, state, k int) (x, y []float64) {
	for i, t := range tr.Times {
		if v := tr.Values[i*k+state]; !math.IsNaN(v) {
			x, y = append(x, t), append(y, v)
		}
	}
	return x, y
}

// place is a row with its derivatives, in units in which both can be compared.
type place struct {
	trajectory, row int
	t               float64
	y               []float64 // over the ranges
	d               []float64 // asinh of the derivative over a typical one
	raw             []float64 // derivative
}

// Limits of the comparison of neighbours.
const (
	mostPlaces   = 1200
	near         = 0.03 // of the ranges
	ownRows      = 3    // rows of the same trajectory that are no neighbours
	leastPairs   = 8
	contradicted = 0.3 // mean square difference between neighbours over that between any two, from which on states do not determine derivatives
)

// hidden compares rows whose states are nearly equal. An autonomous system has equal derivatives there; where they differ as much as between any
// two rows, the states do not determine them: time, an input or a further state does. The ratio of the mean square difference of neighbours to that of all
// is von Neumann's, here along nearest neighbours (compare the false nearest neighbours of Kennel, Brown and Abarbanel, Physical Review A 45
// (1992) 3403).
func hidden(set *data.Set, stats *data.Stats) []Finding {
	places, states := placesOf(set, stats)
	if len(places) < leastPairs {
		return nil
	}
	state, pair, ratio := contradiction(places, states, false)
	if !(ratio > contradicted) {
		return nil
	}
	a, b := &places[pair[0]], &places[pair[1]]
	s := states[state]
	where := func(p *place) string {
		return fmt.Sprintf("t = %.4g%s", p.t, of(&set.Trajectories[p.trajectory]))
	}
	what := "all states are"
	if len(states) == 1 {
		what = set.States[s] + " is"
	}
	detail := fmt.Sprintf("equal states have different derivatives: %s nearly the same at %s and at %s, and d%s/dt is %.3g and %.3g", what, where(a), where(b), set.States[s], a.raw[state], b.raw[state])
	kind := "linear"
	if stats.LogTimes {
		kind = "log"
	}
	input := fmt.Sprintf("where what acts depends on time alone, --set model.time_input=%s; a setting that differs between trajectories, as a column that is constant in each", kind)
	if len(set.Trajectories) > 1 {
		if _, _, ratio := contradiction(places, states, true); ratio > contradicted {
			detail += "; rows of equal time differ too"
			input = fmt.Sprintf("give the input that differs between trajectories as a column, constant in each; time alone (model.time_input=%s) does not tell them apart where they begin", kind)
		}
	}
	return []Finding{
		{CauseTimeOrInput, detail, input},
		{CauseHiddenState, "the same rows show it, where nothing acts from outside", "give a column for the state that is not seen, such as the rate of change of one that is"},
	}
}

// placesOf gathers rows with known states and derivatives, and the states that vary.
func placesOf(set *data.Set, stats *data.Stats) (out []place, states []int) {
	for j, s := range stats.States {
		if s.Range() > 0 && !s.Steady {
			states = append(states, j)
		}
	}
	kept := thinned(set, stats, max(mostPlaces/len(set.Trajectories), leastRows))
	k := len(set.States)
	typical := make([][]float64, len(states))
	every := max(1, (kept.Rows()+mostPlaces-1)/mostPlaces) // of the trajectories, where they are very many
	for n, c := range courses(kept, stats) {
		if n%every != 0 {
			continue
		}
		for i, t := range c.times {
			p := place{trajectory: n, row: i, t: t}
			known := true
			for m, j := range states {
				y, d := c.y[i*k+j], c.dy[i*k+j]
				known = known && !math.IsNaN(y) && !math.IsNaN(d)
				p.y, p.raw = append(p.y, y/stats.States[j].Range()), append(p.raw, d)
				if known && d != 0 {
					typical[m] = append(typical[m], math.Abs(d))
				}
			}
			if known {
				// what is constant in a trajectory and differs between them is part of the state
				for j, s := range stats.States {
					if s.Steady && s.Range() > 0 {
						p.y = append(p.y, set.Trajectories[n].Values[j]/s.Range())
					}
				}
				out = append(out, p)
			}
		}
	}
	for m := range states {
		unit := 1.0
		if len(typical[m]) > 0 {
			slices.Sort(typical[m])
			unit = typical[m][len(typical[m])/2]
		}
		for i := range out {
			out[i].d = append(out[i].d, math.Asinh(out[i].raw[m]/unit))
		}
	}
	return out, states
}

// contradiction returns the state whose derivatives differ most between neighbours in comparison with any two rows, the worst pair and the
// ratio; sameTime asks for neighbours in time too, from other trajectories. Where there are too few neighbours the ratio is 0.
func contradiction(places []place, states []int, sameTime bool) (state int, worst [2]int, ratio float64) {
	t0, t1 := math.Inf(1), math.Inf(-1)
	for i := range places {
		t0, t1 = min(t0, places[i].t), max(t1, places[i].t)
	}
	var pairs [][2]int
	for i := range places {
		best, at := near, -1
		for j := range places {
			if d := distance(&places[i], &places[j], sameTime, t1-t0); d < best {
				best, at = d, j
			}
		}
		if at >= 0 {
			pairs = append(pairs, [2]int{i, at})
		}
	}
	if len(pairs) < leastPairs {
		return 0, worst, 0
	}
	for m := range states {
		mean, square := 0.0, 0.0
		for i := range places {
			mean += places[i].d[m]
			square += places[i].d[m] * places[i].d[m]
		}
		n := float64(len(places))
		spread := square/n - mean/n*mean/n
		sum, largest, which := 0.0, 0.0, pairs[0]
		for _, p := range pairs {
			d := places[p[0]].d[m] - places[p[1]].d[m]
			sum += d * d
			if d*d > largest {
				largest, which = d*d, p
			}
		}
		if r := sum / float64(len(pairs)) / (2 * spread); r > ratio {
			state, worst, ratio = m, which, r
		}
	}
	return state, worst, ratio
}

// distance is the largest difference of a state; that of rows which are no neighbours is infinite.
func distance(a, b *place, sameTime bool, span float64) float64 {
	d := 0.0
	switch {
	case sameTime && a.trajectory == b.trajectory:
		return math.Inf(1)
	case sameTime:
		d = math.Abs(a.t-b.t) / span
	case a.trajectory == b.trajectory && max(a.row-b.row, b.row-a.row) <= ownRows:
		return math.Inf(1)
	}
	for i, v := range a.y {
		if d = max(d, math.Abs(v-b.y[i])); d > near {
			return math.Inf(1)
		}
	}
	return d
}
