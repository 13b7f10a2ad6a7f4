// Package simulate makes data sets from known problems: trajectories from one or several initial states, exact or measured badly.
package simulate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// Options say what is simulated. The zero value is the problem's own initial state at its suggested times.
type Options struct {
	Times  []float64          // nil: the problem's suggestion
	Y0     map[string]float64 // states whose initial value is another than the problem's
	Params map[string]float64 // parameters whose value is another than the problem's

	// Trajectories is the number of initial states, 1 if it is 0. The first is the one above; the others have every value multiplied
	// by a random number between 1 − Spread and 1 + Spread.
	Trajectories int
	Spread       float64
	// RandomTimes draws the times of every trajectory at random between the smallest and the largest of Times, as many, uniformly, or
	// uniformly in log t where Times are spread over decades.
	RandomTimes bool

	Corruption data.Corruption
	Seed       uint64

	Method ode.Method // nil: ode.Rodas5P
	RTol   float64    // 0: 1e-8
	ATol   []float64  // nil: 1e-6·RTol·size of each state
}

// DefaultRTol is the relative tolerance of simulations: data should be exact as far as they are written.
const DefaultRTol = 1e-8

// maxSteps is generous, because methods of low order are allowed at tight tolerances.
const maxSteps = 20_000_000

const (
	streamStates = 0x737461746573 // separates the random numbers of initial states …
	streamTimes  = 0x74696d6573   // … and times from others that the seed is used for
)

// Run simulates. Every trajectory begins with its initial row. The statistics are those of all solves.
func Run(ctx context.Context, p *problems.Problem, o Options) (*data.Set, ode.Stats, error) {
	var stats ode.Stats
	if len(o.Params) > 0 {
		var err error
		if p, err = p.WithParams(o.Params); err != nil {
			return nil, stats, err
		}
	}
	y0, err := initial(p, o.Y0)
	if err != nil {
		return nil, stats, err
	}
	if o.Trajectories < 0 || !(o.Spread >= 0) || o.Spread > 1 {
		return nil, stats, &data.Error{Msg: fmt.Sprintf("%d trajectories with a spread of %g are impossible", o.Trajectories, o.Spread), Remedy: "the spread is between 0 and 1"}
	}
	times := o.Times
	if times == nil {
		times = p.Times
	}
	if len(times) == 0 || times[0] < p.T0 {
		return nil, stats, &data.Error{Msg: fmt.Sprintf("%s begins at t = %g; times before that are impossible, and at least one is needed", p.Name, p.T0)}
	}
	set := &data.Set{States: stateNames(p), Units: p.Units, TimeName: "t", TimeUnit: p.TimeUnit}
	solver, err := ode.NewSolver(p.IVP, options(p, o))
	if err != nil {
		return nil, stats, err
	}
	n := max(1, o.Trajectories)
	for i := range n {
		start := slices.Clone(y0)
		at := times
		if i > 0 {
			rng := rand.New(rand.NewPCG(o.Seed, streamStates+uint64(i)))
			for j := range start {
				start[j] *= 1 + o.Spread*(2*rng.Float64()-1)
			}
		}
		if o.RandomTimes {
			at = random(times, rand.New(rand.NewPCG(o.Seed, streamTimes+uint64(i))))
		}
		if at[0] > p.T0 {
			at = append([]float64{p.T0}, at...)
		}
		solver.SetSaveAt(at)
		sol, err := solver.Solve(ctx, p.T0, at[len(at)-1], start)
		if err != nil {
			return nil, stats, err
		}
		stats.Add(&sol.Stats)
		tr := data.Trajectory{Times: slices.Clone(at), Values: slices.Clone(sol.Y)}
		copy(tr.Values, start)
		if n > 1 {
			tr.Name = strconv.Itoa(i + 1)
		}
		set.Trajectories = append(set.Trajectories, tr)
	}
	if o.Corruption.Noise != 0 || o.Corruption.Missing != 0 {
		o.Corruption.Seed = o.Seed
		if set, err = o.Corruption.Apply(set); err != nil {
			return nil, stats, err
		}
	}
	return set, stats, nil
}

func options(p *problems.Problem, o Options) ode.Options {
	opt := ode.Options{Method: o.Method, RTol: o.RTol, ATol: o.ATol, MaxSteps: maxSteps, SaveAt: []float64{}}
	if opt.Method == nil {
		opt.Method = ode.Rodas5P
	}
	if opt.RTol == 0 {
		opt.RTol = DefaultRTol
	}
	if opt.ATol == nil {
		for _, s := range p.IVP.Scale {
			opt.ATol = append(opt.ATol, 1e-6*opt.RTol*s)
		}
	}
	return opt
}

func stateNames(p *problems.Problem) []string {
	names := make([]string, p.IVP.Dim)
	for i := range names {
		names[i] = p.IVP.Name(i)
	}
	return names
}

func initial(p *problems.Problem, values map[string]float64) ([]float64, error) {
	y0, names := slices.Clone(p.Y0), stateNames(p)
	for name, v := range values {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, &problems.UnknownError{What: "state of " + p.Name, Name: name, Known: names}
		}
		y0[i] = v
	}
	return y0, nil
}

// random draws as many times as there are, between the ends.
func random(times []float64, rng *rand.Rand) []float64 {
	set := data.Set{Trajectories: []data.Trajectory{{Times: times}}}
	log := set.LogTimes()
	lo, hi := times[0], times[len(times)-1]
	if log {
		lo = times[slices.IndexFunc(times, func(t float64) bool { return t > 0 })]
	}
	out := make([]float64, len(times))
	for i := range out {
		u := rng.Float64()
		if log {
			out[i] = lo * math.Pow(hi/lo, u)
		} else {
			out[i] = lo + (hi-lo)*u
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
