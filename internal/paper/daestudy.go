package paper

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/train"
)

// daeStudyDraws is the number of random networks that are tried, daeStudyEpochs the length of every training run.
const (
	daeStudyDraws  = 200
	daeStudyEpochs = 150
)

// daeStudyEntry asks why fitting differential-algebraic models is unstable, and what makes it stable.
func daeStudyEntry() *Entry {
	return &Entry{
		ID: "dae-study", Title: "Why naive fitting of neural DAEs is unstable", Place: "Sec. V, Eqs. 21–24", Threads: 2,
		Config: fmt.Sprint(daeStudyDraws, " random networks; ", daeStudyLines, " lines of ", daeStudyPoints, " points; default training of ", daeStudyEpochs, " epochs, seed 1"),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			r := &Result{}
			r.say("Robertson's problem as M y′ = f with M = diag(1, 1, 0). If the algebraic equation is left to a network as well, 0 = NN₃(y), every parameter vector has another solution manifold: the initial values of the data do not lie on it, so that they must be moved, and where ∂NN₃/∂y₃ vanishes there is nothing to move them to, or the index changes along the trajectory. A step of the optimiser leads from one manifold to the next, and the loss jumps or ceases to exist. If the equation is given, 0 = y1 + y2 + y3 − 1, none of this depends on the parameters.")
			_, set, err := recipe("rober")
			if err != nil {
				return nil, err
			}
			var found daeStudyFinding
			if err := randomDAEs(ctx, r, &found, set); err != nil {
				return nil, err
			}
			if err := constrainedRuns(ctx, env, r, &found, set); err != nil {
				return nil, err
			}
			found.judge(r)
			return r, nil
		},
	}
}

// daeOutcome counts what became of solves.
type daeOutcome struct {
	solved, refused, notStarted, later int
	moved                              []float64 // |y3(0) − data| of those that could start
}

// randomDAEs solves DAEs with random networks, the algebraic equation given or left to the network.
func randomDAEs(ctx context.Context, r *Result, found *daeStudyFinding, set *data.Set) error {
	stats := set.Stats()
	c := model.ScaledConfig{
		Hidden: []int{10, 10}, Activation: nn.GELU, OutputActivation: nn.Identity,
		YScale: stats.Scale(data.ScaleRange), TScale: stats.TimeScale(),
	}
	lo, hi := make([]float64, 3), make([]float64, 3)
	for i, s := range stats.States {
		lo[i], hi[i] = s.Min, s.Max
		c.States = append(c.States, model.State{Name: set.States[i], Role: model.Learned})
	}
	c.Input = model.NewInput(model.InputLinear, lo, hi, 0)
	learned, err := model.NewScaled(c)
	if err != nil {
		return err
	}
	naive := learned.Problem()
	naive.Mass = ode.DiagonalMass(1, 1, 0)
	states := append([]model.State(nil), c.States...)
	states[2].Role = model.Algebraic
	c.States = states
	inner, err := model.NewAlgebraic(c)
	if err != nil {
		return err
	}
	law, err := model.ParseLaw("y1 + y2 + y3 = 1", set.States)
	if err != nil {
		return err
	}
	given, err := model.NewLawDAE(inner, []model.Law{law})
	if err != nil {
		return err
	}
	table := Table{Name: "dae-study-random", Shown: true, Header: []string{"algebraic equation", "networks", "consistent without a change of y3(0)", "cannot be started", "fail later", "solved to the end", "median change of y3(0)"}}
	row := func(name string, problem *ode.Problem, params int, init func([]float64, uint64)) (*daeOutcome, error) {
		o, err := tryDAE(ctx, problem, params, init, set)
		if err != nil {
			return nil, err
		}
		middle := "–"
		if len(o.moved) > 0 {
			middle = num(median(o.moved))
		}
		table.Rows = append(table.Rows, []string{name, fmt.Sprint(daeStudyDraws), fmt.Sprint(daeStudyDraws - o.refused), fmt.Sprint(o.notStarted), fmt.Sprint(o.later), fmt.Sprint(o.solved), middle})
		return o, nil
	}
	a, err := row("learned, 0 = NN₃(y)", naive, learned.NumParams(), func(p []float64, seed uint64) { learned.Init(p, nn.GlorotNormal, seed) })
	if err != nil {
		return err
	}
	b, err := row("given, 0 = y1 + y2 + y3 − 1", given.Problem(), given.NumParams(), func(p []float64, seed uint64) { given.Init(p, nn.GlorotNormal, seed) })
	if err != nil {
		return err
	}
	r.Tables = append(r.Tables, table)
	found.draws, found.refused, found.notStarted, found.solved = daeStudyDraws, a.refused, a.notStarted, a.solved
	found.givenRefused, found.givenSolved = b.refused+b.notStarted, b.solved
	return lossesAlongLines(ctx, r, found, learned, naive, given, set)
}

// tryDAE solves a DAE with random parameters, once refusing inconsistent initial values and once with the algebraic state changed.
func tryDAE(ctx context.Context, problem *ode.Problem, params int, init func([]float64, uint64), set *data.Set) (*daeOutcome, error) {
	tr := &set.Trajectories[0]
	end := tr.Times[len(tr.Times)-1]
	out := &daeOutcome{}
	p := make([]float64, params)
	solvers := map[ode.Initialize]*ode.Solver{}
	for _, policy := range []ode.Initialize{ode.InitializeAlgebraic, ode.InitializeRefuse} {
		s, err := ode.NewSolver(problem, ode.Options{Method: ode.Rodas5P, RTol: 1e-6, MaxSteps: 5000, SaveAt: []float64{tr.Times[0], end}, Initialize: policy})
		if err != nil {
			return nil, err
		}
		solvers[policy] = s
	}
	for seed := range uint64(daeStudyDraws) {
		init(p, seed+1)
		for _, policy := range []ode.Initialize{ode.InitializeRefuse, ode.InitializeAlgebraic} {
			s := solvers[policy]
			s.Field().(ode.ParamField).Bind(p)
			sol, err := s.Solve(ctx, tr.Times[0], end, tr.Row(0, 3))
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			var failure *ode.Failure
			if err != nil && !errors.As(err, &failure) {
				return nil, err
			}
			inconsistent := failure != nil && failure.Cause == ode.CauseInconsistent
			switch {
			case policy == ode.InitializeRefuse:
				if inconsistent {
					out.refused++
				}
				continue
			case inconsistent:
				out.notStarted++
				continue
			case failure != nil:
				out.later++
				continue
			}
			out.solved++
			out.moved = append(out.moved, math.Abs(sol.State(0)[2]-tr.Row(0, 3)[2]))
		}
	}
	return out, nil
}

// constrainedRuns trains the same network without a constraint, with the projection and as a DAE.
func constrainedRuns(ctx context.Context, env *Env, r *Result, found *daeStudyFinding, set *data.Set) error {
	table := Table{Name: "dae-study-training", Shown: true, Header: []string{"constraint", "scaled mae", "largest |y1 + y2 + y3 − 1|", "failed solves"}}
	law := "y1 + y2 + y3"
	worst, free := 0.0, 0.0
	for _, k := range []train.ConstraintsConfig{
		{Kind: "none"}, {Kind: "projection", Laws: []string{law}}, {Kind: "dae", Laws: []string{law + " = 1"}, Algebraic: []string{"y3"}},
	} {
		env.Say("training with constraints: %s", k.Kind)
		cfg := train.Default()
		cfg.Train.Epochs, cfg.Constraints = daeStudyEpochs, k
		l, err := run(ctx, env, cfg, set)
		if err != nil {
			return err
		}
		score, y, err := train.Evaluate(ctx, l.result.Model, set, l.result.Initial)
		if err != nil {
			return err
		}
		violation := 0.0
		for i := 0; i < len(y[0]); i += 3 {
			violation = max(violation, math.Abs(y[0][i]+y[0][i+1]+y[0][i+2]-1))
		}
		table.Rows = append(table.Rows, []string{k.Kind, num(score.MAE), num(violation), fmt.Sprint(l.result.Failures)})
		if k.Kind == "none" {
			free = violation
			continue
		}
		found.failures += int(l.result.Failures)
		worst = max(worst, violation)
	}
	r.Tables = append(r.Tables, table)
	r.say("What stabilises it: the equation is given and not learned; the algebraic state is solved for, and made consistent, at every parameter step; discrete gradients differentiate that start too; the method is stiffly accurate. Or the vector field is projected, which leaves no algebraic equation at all.")
	found.violation, found.free = worst, free
	return nil
}

// daeStudyFinding is what became of random networks, lines of losses and training runs with an algebraic equation that is learned or given.
type daeStudyFinding struct {
	// of draws networks with a learned equation: at how many the data's initial values are inconsistent, how many cannot be started, how many are solved; with the given one, how
	// many are inconsistent or cannot be started, and how many are solved.
	draws, refused, notStarted, solved, givenRefused, givenSolved int
	// points without a loss along the lines, of all, and the largest change from one to the next on the median line.
	points, lost, givenLost int
	jump, givenJump         float64
	// failures are the failed solves while training with the given equation; violation is what these models leave of it, free what a model without it leaves.
	failures        int
	violation, free float64
}

func (f *daeStudyFinding) judge(r *Result) {
	const unstable = "“we noticed fitting instabilities similar to stiff neural ODEs arise in such cases”"
	broken := f.givenLost > 0 || f.givenRefused > 0 || f.failures > 0 || f.givenJump > 0.2
	r.claim(broken, unstable+": the constraint is set, as in Eqs. 21 and 22",
		fmt.Sprintf("none of %d random networks is inconsistent, %d of %d are solved; no loss at %d of %d points along lines between networks, and from point to point it changes by up to %s of its range on the median line; %d failed solves in training", f.draws-f.givenRefused, f.givenSolved, f.draws, f.givenLost, f.points, num(f.givenJump), f.failures),
		"with a given equation the algebraic state is solved for at every parameter vector and its gradient taken along, which leaves nothing to be inconsistent; the paper does not say how its initial values were treated")
	r.claim(f.lost > 0 && f.solved < f.draws && f.refused > f.draws/2, unstable+": the constraint is fit, as g in Eqs. 23 and 24 may be",
		fmt.Sprintf("the data's initial values are inconsistent for %d of %d random networks and for %d there are none near them; %d are solved; no loss at %d of %d points along lines, changes of up to %s of its range on the median line", f.refused, f.draws, f.notStarted, f.solved, f.lost, f.points, num(f.jump)),
		"no instability was seen")
	r.check(f.violation <= 1e-12 && f.free > f.violation, "a constrained model keeps the states' sum", fmt.Sprintf("largest violation %s with a constraint, %s without", num(f.violation), num(f.free)))
}
