package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// PeerParts are the parts of the comparison with the C baseline, by the names that its script knows.
var PeerParts = []string{"mech", "forward", "adjoint", "sens"}

// PeerOptions say what is compared.
type PeerOptions struct {
	// Build is the folder into which the baseline was built, References that of the published networks.
	Build, References string
	// Parts are some of PeerParts.
	Parts []string
	// Repeats of each of the baseline's settings on networks; 0 leaves it to its script, which makes 20 and more.
	Repeats int
	// During is how long each of the settings quoted is repeated, in turns; 20 times and in 5 rounds at least.
	During time.Duration
	// Say reports progress.
	Say func(format string, args ...any)
}

// A peerRow is a comparison of one part: what both sides compute, at which errors, and the ratio of times that is asked for.
type peerRow struct {
	problem string
	what    string
	targets []float64
	floor   float64
	// bdf is the ratio asked of BDF alone, where not 0
	bdf     float64
	work    workload
	solvers []ode.Method
}

// Peers compares solves and gradients with CVODE and CVODES at equal error: the cheapest setting of either side whose error is at most the
// target, both timed in this run, on one core, by the clock of their thread. They are timed in turns, and the ratio is that of times taken one right
// after the other: what shares the processor with this machine slows both.
func Peers(ctx context.Context, o PeerOptions) (*Report, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	core, undo := onOneCore()
	defer undo()
	r := &Report{Title: fmt.Sprintf("Against CVODE and CVODES, compiled for speed, at equal error: the cheapest settings of both, timed in turns; "+
		"milliseconds of processor time, median [p10–p90] of repeats; ratio stiffnode/CVODE(S) within a round of turns, median [p10–p90] of rounds; quiet: ratio of tenth percentiles; on %s, %s",
		cmp.Or(processor(), runtime.GOARCH), core)}
	for _, part := range o.Parts {
		o.Say("running the C baseline: %s", part)
		theirs, err := runBaseline(ctx, o.References, o.Build, part, o.Repeats)
		if err != nil {
			return nil, err
		}
		if part == "mech" {
			further, err := furtherPeers(ctx, o.Build, o.References)
			if err != nil {
				return nil, err
			}
			theirs = append(theirs, further...)
		}
		rows, err := peerRows(part, o.References)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			o.Say("running stiffnode: %s, %s", rows[i].problem, rows[i].what)
			if err := rows[i].compare(ctx, r, theirs, &o); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// peerRows are the comparisons that belong to a part of the baseline.
func peerRows(part, references string) ([]peerRow, error) {
	var rows []peerRow
	if part == "mech" {
		for _, name := range peerProblems {
			c, key, err := mechanisticCase(references, name)
			if err != nil {
				return nil, err
			}
			rows = append(rows, peerRow{problem: key, what: "mechanistic solve", targets: []float64{1e-3, 1e-6, 1e-9}, floor: 0.5, bdf: 1, work: asFinely(c.work()), solvers: peerSolvers(true)})
		}
		return rows, nil
	}
	for _, name := range []string{"rober", "pollu"} {
		n, err := loadNetwork(references, name)
		if err != nil {
			return nil, err
		}
		row := peerRow{problem: name, solvers: peerSolvers(part == "forward")}
		switch part {
		case "forward":
			row.what, row.targets, row.floor, row.work = "solve of the network", []float64{1e-3, 1e-6}, 0.7, asFinely(n.solveWork())
		case "adjoint":
			row.what, row.targets, row.floor, row.work = "gradient of Eq. 14, residual signs fixed", []float64{1e-2, 1e-4, 1e-6}, 0.5, n.gradientWork()
		case "sens":
			row.what, row.targets, row.floor, row.work = fmt.Sprintf("residual Jacobian, %d columns", len(n.params)), []float64{1e-2, 1e-4, 1e-6}, 0.3, n.jacobianWork()
		default:
			return nil, fmt.Errorf("the baseline has no part %q; there are %v", part, PeerParts)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// peerSolvers are the implicit methods, those of high order first: they find out soonest how fast the tightest error can be reached.
func peerSolvers(all bool) []ode.Method {
	names := []string{"Radau", "Rodas5P", "BDF", "Rodas4", "KenCarp4", "Rosenbrock23"}
	if all {
		names = append([]string{"Radau9"}, append(names, "KenCarp5", "KenCarp3", "TRBDF2")...)
	}
	var out []ode.Method
	for _, name := range names {
		if m, err := ode.MethodByName(name); err == nil {
			out = append(out, m)
		}
	}
	return out
}

// largestError is the largest difference over states and times in units of scale.
func largestError(got, want, scale []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	worst := 0.0
	for i, v := range want {
		if e := math.Abs(got[i]-v) / scale[i%len(scale)]; !(e <= worst) {
			worst = e
		}
	}
	return worst
}

// solveWork is a solve saved at times, from (t0, y0); want is the solution there.
func solveWork(p *ode.Problem, params []float64, t0 float64, y0, times, want, scale []float64) workload {
	w := workload{
		make: func(opt ode.Options) (func() error, func() float64, error) {
			opt.SaveAt = times
			s, err := ode.NewSolver(p, opt)
			if err != nil {
				return nil, nil, err
			}
			if f, ok := s.Field().(ode.ParamField); ok && params != nil {
				f.Bind(params)
			}
			var sol *ode.Solution
			compute := func() (err error) {
				sol, err = s.Solve(context.Background(), t0, times[len(times)-1], y0)
				return err
			}
			return compute, func() float64 { return largestError(sol.Y, want, scale) }, nil
		},
	}
	w.atols = scaledTolerances(scale)
	return w
}

// scaledTolerances are the absolute tolerances rtol·scale·10⁻³, a thousandth of it and a thousand times it, which the baseline has too in one form or another.
func scaledTolerances(scale []float64) []func(float64) []float64 {
	var out []func(float64) []float64
	for _, factor := range []float64{1e-3, 1, 1e-6} {
		out = append(out, func(rtol float64) []float64 {
			atol := make([]float64, len(scale))
			for i, s := range scale {
				atol[i] = factor * rtol * s
			}
			return atol
		})
	}
	return out
}

// peerProblems are the known problems that solves are compared on.
var peerProblems = []string{"ROBER", "POLLU", "HIRES", "OREGO", "VDPOL"}

// mechanisticCase is a known problem, and the name that the baseline gives it. ROBER and POLLU are solved at the times and held to
// the solution of the baseline, the others at those of package problems.
func mechanisticCase(references, name string) (*solverCase, string, error) {
	c, err := newSolverCase(name)
	if err != nil {
		return nil, "", err
	}
	key := map[string]string{"ROBER": "rober", "POLLU": "pollu"}[name]
	if key == "" {
		return c, name, nil
	}
	rows, err := readColumns(filepath.Join(references, "peers", "cvodes", "data", key+"_ref.txt"))
	if err != nil {
		return nil, "", err
	}
	k := c.problem.IVP.Dim
	c.times, c.want, c.size = nil, nil, make([]float64, k)
	for _, row := range rows {
		c.times, c.want = append(c.times, row[0]), append(c.want, row[1:k+1]...)
		for i, v := range row[1 : k+1] {
			c.size[i] = max(c.size[i], math.Abs(v))
		}
	}
	return c, key, nil
}

// asFinely searches a solve as the baseline's programs do: at four tolerances a decade, with both tolerances of Newton's iteration, and of BDF with
// and without the detection of stability limits.
func asFinely(w workload) workload {
	w.perDecade = 4
	variant := func(label string, newton float64, solvers ...ode.Method) workload {
		return workload{
			label: label, atols: w.atols, solvers: solvers, perDecade: w.perDecade,
			make: func(opt ode.Options) (func() error, func() float64, error) {
				opt.NewtonTol = newton
				return w.make(opt)
			},
		}
	}
	plain := ode.BDFMethod{IgnoreStabilityLimit: true}
	w.others = []workload{
		variant("Newton 0.1", 0.1, ode.Radau9, ode.BDF, ode.Radau),
		variant("no stability detection", 0, plain),
		variant("Newton 0.1, no stability detection", 0.1, plain),
	}
	return w
}

func (n *publishedNetwork) solveWork() workload {
	return solveWork(n.problem, n.params, n.t0, n.y0, n.times, n.solution, n.scale)
}

// gradientWork is the gradient of the loss, by the discrete adjoint or by a continuous one. That is solved by Radau, whose Jacobians serve many steps
// between two data times, and may have looser tolerances than the forward solve.
func (n *publishedNetwork) gradientWork() workload {
	w := n.gradientBy("", func(ode.Options) sens.Method { return sens.DiscreteReverse{} })
	for _, looser := range []float64{1, 10} {
		w.others = append(w.others, n.gradientBy(fmt.Sprintf("Gauss adjoint by Radau, rtol ×%g", looser), func(opt ode.Options) sens.Method {
			return sens.GaussAdjoint{Reverse: sens.ReverseOptions{Method: ode.Radau, RTol: min(0.1, looser*opt.RTol), MaxSteps: 100_000}}
		}))
	}
	return w
}

func (n *publishedNetwork) gradientBy(label string, method func(ode.Options) sens.Method) workload {
	return workload{
		label: label,
		atols: scaledTolerances(n.scale),
		make: func(opt ode.Options) (func() error, func() float64, error) {
			ev, err := method(opt).New(sens.Setup{Problem: n.problem, Options: opt})
			if err != nil {
				return nil, nil, err
			}
			g := new(sens.Gradient)
			compute := func() error {
				return ev.Gradient(context.Background(), g, n.params, n.y0, n.t0, n.t1, n.times, n)
			}
			return compute, func() float64 { return relativeL2(g.Params, n.exact) }, nil
		},
	}
}

// jacobianWork is the Jacobian of all saved states, with and without sensitivities in the error test; its error is that of the gradient
// that it gives.
func (n *publishedNetwork) jacobianWork() workload {
	w := n.jacobianBy("", sens.JacobianOptions{Workers: 1})
	w.others = []workload{n.jacobianBy("sensitivities in the error test", sens.JacobianOptions{Workers: 1, ErrorTest: true})}
	return w
}

func (n *publishedNetwork) jacobianBy(label string, o sens.JacobianOptions) workload {
	return workload{
		label: label,
		atols: scaledTolerances(n.scale),
		make: func(opt ode.Options) (func() error, func() float64, error) {
			j, err := sens.NewForwardJacobian(sens.Setup{Problem: n.problem, Options: opt}, o)
			if err != nil {
				return nil, nil, err
			}
			var dY []float64
			compute := func() (err error) {
				_, dY, err = j.Solve(context.Background(), n.params, n.y0, n.t0, n.t1, n.times)
				return err
			}
			wrong := func() float64 {
				m := len(n.params)
				gradient := make([]float64, m)
				for row, w := range n.weights {
					for c, v := range dY[row*m : (row+1)*m] {
						gradient[c] += w * v
					}
				}
				return relativeL2(gradient, n.exact)
			}
			return compute, wrong, nil
		},
	}
}
