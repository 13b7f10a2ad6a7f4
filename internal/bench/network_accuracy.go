package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/stiffnode/stiffnode/internal/study"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

const (
	looseRTol = 1e-3
	// networkReferenceRTol is that of the solutions that loose ones are compared with.
	networkReferenceRTol = 1e-10
	// publishedFloor is the largest scaled error allowed on the published networks.
	publishedFloor = 0.01
	// An error above mustFlag must be found by Verify, whose difference is then above flagFrom: a third of it, because the tighter of its two solves
	// has an error of its own.
	mustFlag = 0.03
	flagFrom = mustFlag / 3
	// An error below falseBelow that is flagged is a false alarm.
	falseBelow = flagFrom / 3
	// the trainings of networks called half-trained and trained
	halfEpochs, fullEpochs = 250, 5000
	// explicitSteps bounds the steps of explicit methods, which are out of their place on a stiff network.
	explicitSteps = 20_000
)

// A networkCase is a network to be solved: problem with bound parameters, and where it is judged.
type networkCase struct {
	kind    string
	loss    float64 // in training, where there was any
	problem *ode.Problem
	y0      []float64
	t1      float64
	times   []float64
	scale   []float64 // nil: the largest magnitudes of the solution
}

// bound returns a problem whose fields have the parameters bound.
func bound(p *ode.Problem, params []float64) *ode.Problem {
	q := *p
	q.New = func() ode.Field {
		f := p.New()
		f.(ode.ParamField).Bind(params)
		return f
	}
	return &q
}

// A looseSolve is the error of a solve at looseRTol and what Verify says of it.
type looseSolve struct {
	failed  bool
	err     float64
	flagged bool
}

// NetworkAccuracy solves networks at rtol 1e-3 with default settings and every method of order at least 2: the published ones, whose errors
// have a floor, and count others (random, after a few epochs and after many, of the paper's recipes for ROBER and POLLU), of which
// the distribution is reported and every large error must be flagged by ode.Verify. Since these are solved well, Verify is
// put to the test by a fifth as many networks with large weights, along whose solutions errors grow. Explicit methods may
// run out of steps; methods for split right-hand sides take the whole network implicitly.
func NetworkAccuracy(ctx context.Context, references string, count int, say func(format string, args ...any)) (*Report, error) {
	r := &Report{Title: fmt.Sprintf("Networks at rtol %g, default settings: largest |y − reference|/y_scale over the times of the data; reference: Radau at rtol %g", looseRTol, networkReferenceRTol)}
	var methods []ode.Method
	for _, m := range ode.Methods() {
		if m.Info().Order >= 2 {
			methods = append(methods, m)
		}
	}
	table := Table{Title: "published networks", Rows: [][]string{{"method", "rober", "pollu"}}}
	var published []networkCase
	for _, name := range []string{"rober", "pollu"} {
		n, err := loadNetwork(references, name)
		if err != nil {
			return nil, err
		}
		published = append(published, networkCase{kind: name, problem: bound(n.problem, n.params), y0: n.y0, t1: n.t1, times: n.times, scale: n.scale})
	}
	results, err := solveAll(ctx, published, methods)
	if err != nil {
		return nil, err
	}
	for i, m := range methods {
		row := []string{m.Info().Name}
		for j, c := range published {
			s := looseSolve{failed: true}
			if results[j] != nil {
				s = results[j][i]
			}
			row = append(row, errorText(s))
			if s.failed && !m.Info().Implicit {
				continue // too stiff for an explicit method, which says so
			}
			r.claim(!s.failed && s.err <= publishedFloor, "%s with %s: error %s, floor %g", c.kind, m.Info().Name, errorText(s), publishedFloor)
		}
		table.Rows = append(table.Rows, row)
	}
	made, err := makeNetworks(ctx, count, say)
	if err != nil {
		return nil, err
	}
	if results, err = solveAll(ctx, made, methods); err != nil {
		return nil, err
	}
	r.Tables = []Table{table, r.distribution(title(made, results), made, methods, results)}
	unruly, err := unrulyNetworks(max(count/5, 10))
	if err != nil {
		return nil, err
	}
	if results, err = solveAll(ctx, unruly, methods); err != nil {
		return nil, err
	}
	large := largeErrors(results)
	r.Tables = append(r.Tables, r.distribution(fmt.Sprintf("%d networks with large weights; errors in units of each state's largest magnitude", len(unruly)), unruly, methods, results))
	r.claim(large >= len(unruly), "the networks with large weights put Verify to the test: %d errors above %g, at least %d", large, mustFlag, len(unruly))
	return r, nil
}

// largeErrors counts errors above mustFlag.
func largeErrors(results [][]looseSolve) int {
	n := 0
	for _, row := range results {
		for _, s := range row {
			if !s.failed && s.err > mustFlag {
				n++
			}
		}
	}
	return n
}

func errorText(s looseSolve) string {
	if s.failed {
		return "failed"
	}
	return sci(s.err)
}

// title says what was made.
func title(cases []networkCase, results [][]looseSolve) string {
	kinds := map[string]int{}
	losses := map[string][]float64{}
	unsolved := 0
	for i, c := range cases {
		kinds[c.kind]++
		losses[c.kind] = append(losses[c.kind], c.loss)
		if results[i] == nil {
			unsolved++
		}
	}
	for _, l := range losses {
		slices.Sort(l)
	}
	middle := func(kind string) float64 { return losses[kind][len(losses[kind])/2] }
	return fmt.Sprintf("%d networks: %d random, %d after %d epochs (median loss %.2g), %d after %d epochs (%.2g); %d have no solution to compare with, being unstable",
		len(cases), kinds["random"], kinds["half-trained"], halfEpochs, middle("half-trained"), kinds["trained"], fullEpochs, middle("trained"), unsolved)
}

// distribution makes the table of all errors by method, and claims that every large one was flagged. Solves with small errors that were
// flagged all the same are false alarms.
func (r *Report) distribution(title string, cases []networkCase, methods []ode.Method, results [][]looseSolve) Table {
	t := Table{
		Title: title,
		Rows:  [][]string{{"method", "failed", "median", "90 %", "99 %", "worst", "worst network", fmt.Sprintf("above %g", mustFlag), "of them flagged", "false alarms, below " + sci(falseBelow)}},
	}
	for i, m := range methods {
		var errs []float64
		failed, large, found, alarms, worst, where := 0, 0, 0, 0, -1.0, "–"
		for j := range cases {
			if results[j] == nil {
				continue
			}
			s := results[j][i]
			if s.failed {
				failed++
				continue
			}
			errs = append(errs, s.err)
			if s.err > worst {
				worst, where = s.err, fmt.Sprintf("%d, %s", j, cases[j].kind)
			}
			if s.flagged && s.err < falseBelow {
				alarms++
			}
			if s.err > mustFlag {
				large++
				if s.flagged {
					found++
				}
			}
		}
		slices.Sort(errs)
		at := func(q float64) string {
			if len(errs) == 0 {
				return "–"
			}
			return sci(errs[int(math.Ceil(q*float64(len(errs)-1)))])
		}
		name := m.Info().Name
		t.Rows = append(t.Rows, []string{name, fmt.Sprint(failed), at(0.5), at(0.9), at(0.99), at(1), where, fmt.Sprint(large), fmt.Sprint(found), fmt.Sprint(alarms)})
		r.claim(found == large && (len(errs) > 0 || !m.Info().Implicit), "%s: Verify flags %d of the %d errors above %g among %d", name, found, large, mustFlag, len(errs))
	}
	return t
}

// makeNetworks makes networks for ROBER and POLLU in turn, a third of each kind, from seeds that count up.
func makeNetworks(ctx context.Context, count int, say func(format string, args ...any)) ([]networkCase, error) {
	recipes := study.Recipes()[:2]
	out := make([]networkCase, count)
	var mu sync.Mutex
	done := 0
	err := inParallel(ctx, count, func(i int) error {
		kind, epochs := "random", 1
		switch i % 3 {
		case 1:
			kind, epochs = "half-trained", halfEpochs
		case 2:
			kind, epochs = "trained", fullEpochs
		}
		res, set, err := recipes[i/3%2].Result(ctx, uint64(i+1), epochs)
		if err != nil {
			return err
		}
		m, loss := res.Model, res.Loss
		if kind == "random" {
			loss = math.NaN()
			m.RHS.Init(m.Params, nn.GlorotNormal, uint64(i+1))
		}
		first := &set.Trajectories[0]
		c := networkCase{kind: kind, loss: loss, problem: bound(m.RHS.Problem(), m.Params), y0: first.Values[:len(m.States)], t1: first.Times[len(first.Times)-1], times: first.Times}
		stats := set.Stats()
		for _, s := range stats.States {
			c.scale = append(c.scale, s.Max-s.Min)
		}
		out[i] = c
		mu.Lock()
		defer mu.Unlock()
		if done++; done%20 == 0 {
			say("%d of %d networks made", done, count)
		}
		return nil
	})
	return out, err
}

// solveAll solves every network with every method; the row of a network that has no reference solution is nil.
func solveAll(ctx context.Context, cases []networkCase, methods []ode.Method) ([][]looseSolve, error) {
	out := make([][]looseSolve, len(cases))
	err := inParallel(ctx, len(cases), func(i int) error {
		c := &cases[i]
		ref, err := ode.Solve(ctx, c.problem, c.times[0], c.t1, c.y0, ode.Options{Method: ode.Radau, RTol: networkReferenceRTol, SaveAt: c.times})
		if err != nil {
			return nil
		}
		row := make([]looseSolve, len(methods))
		for j, m := range methods {
			row[j] = c.loose(ctx, m, ref)
		}
		out[i] = row
		return nil
	})
	return out, err
}

func (c *networkCase) loose(ctx context.Context, m ode.Method, ref *ode.Solution) looseSolve {
	p, opt := c.problem, ode.Options{Method: m, RTol: looseRTol, SaveAt: c.times}
	if !m.Info().Implicit {
		opt.MaxSteps = explicitSteps
	}
	if m.Info().Split {
		p = whollyImplicit(p)
	}
	sol, v, err := ode.Verify(ctx, p, c.times[0], c.t1, c.y0, opt)
	if len(sol.Y) < len(ref.Y) {
		return looseSolve{failed: true}
	}
	scale := c.scale
	if scale == nil {
		scale = make([]float64, c.problem.Dim)
		for i, y := range ref.Y {
			scale[i%len(scale)] = max(scale[i%len(scale)], math.Abs(y))
		}
	}
	return looseSolve{flagged: err != nil || v.Difference > flagFrom, err: largestError(sol.Y, ref.Y, scale)}
}

// inParallel calls f for 0 … n−1, one call per processor at a time; results must go to places of their own.
func inParallel(ctx context.Context, n int, f func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				if ctx.Err() == nil {
					errs[i] = f(i)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
