package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// A task is what a recipe has to do: a right-hand side, data, a loss. It is shared by workers, and does not change during a run.
type task struct {
	cfg    *Config
	set    *data.Set
	stats  *data.Stats
	states []model.State
	rhs    model.RHS
	notes  []string // what a person should know about the data and the constraints
	method sens.Method
	setup  sens.Setup
	nn     nn.Init

	jumps bool      // see hasJumps
	sizes []float64 // see restingSizes

	trajectories []trajectory
	// The vector θ that is optimised holds the model's parameters, then the unknown initial values in units of size.
	params, total int
	size          []float64
	guess         []float64 // of the unknown initial values, in units of size
}

// trajectory is one trajectory as the loss sees it: rows in which nothing that counts was observed are left out.
type trajectory struct {
	source  int // its place in the set
	t0      float64
	y0      []float64 // unknown values are overwritten by those in θ
	unknown []unknown
	times   []float64
	values  []float64 // len(times)×k; NaN: missing
	weights []float64 // of every value in the loss; 0: not counted
	// weight[n] is the sum of weights of the first n rows, and count[n] the number of values that the metric sees in them.
	weight, count []float64
}

// unknown is an initial value that is estimated: state, and place in θ.
type unknown struct{ state, at int }

// newTask prepares a resolved configuration and data.
func newTask(cfg *Config, set *data.Set) (*task, error) {
	if err := CheckData(set); err != nil {
		return nil, err
	}
	t := &task{cfg: cfg, set: set, stats: cfg.stats(set)}
	t.jumps, t.sizes = hasJumps(set, t.stats), restingSizes(set, t.stats)
	var err error
	if err = t.buildRHS(); err != nil {
		return nil, err
	}
	if rows := cfg.LeastSquares.Rows; rows > 0 && cfg.Train.Recipe == "least-squares" {
		t.set = thinned(set, t.stats, rows)
		set = t.set
	}
	problem := t.rhs.Problem()
	t.size, t.params = problem.Scale, t.rhs.NumParams()
	t.total = t.params
	if t.nn, err = nn.ParseInit(cfg.Model.Init); err != nil {
		return nil, err
	}
	method, err := ode.MethodByName(cfg.Solver.Method)
	if err != nil {
		return nil, err
	}
	if n := len(cfg.Solver.ATol); n > 1 && n != len(t.states) {
		return nil, &ConfigError{Problems: []ConfigProblem{{Key: "solver.atol", Msg: fmt.Sprintf("has %d values; give one, or one for each of the %d states", n, len(t.states))}}}
	}
	if n := len(cfg.Loss.Noise); n > 1 && n != len(t.states) {
		return nil, &ConfigError{Problems: []ConfigProblem{{Key: "loss.noise", Msg: fmt.Sprintf("has %d values; give one, or one for each of the %d states", n, len(t.states))}}}
	}
	t.setup = sens.Setup{Problem: problem, Options: ode.Options{Method: method, RTol: cfg.Solver.RTol, ATol: cfg.Solver.ATol, MaxSteps: cfg.Solver.MaxSteps}}
	if len(cfg.Solver.ATol) == 0 {
		t.setup.Options.ATol = nil
	}
	if t.method, err = gradientMethod(cfg.Solver.Gradient); err != nil {
		return nil, err
	}
	if _, err := t.method.New(t.setup); err != nil {
		return nil, err
	}
	scale := lossScale(cfg.Loss.Scale, t.stats)
	for k := range set.Trajectories {
		t.addTrajectory(k, scale)
	}
	if t.rows() == 0 {
		return nil, &data.Error{Msg: "there is nothing to learn: no state that varies was observed after the initial rows"}
	}
	return t, t.checkWeights()
}

// buildRHS makes the right-hand side that the configuration describes for the data.
func (t *task) buildRHS() error {
	cfg, set, stats := t.cfg, t.set, t.stats
	n := len(set.States)
	states := make([]model.State, n)
	lo, hi := make([]float64, n), make([]float64, n)
	for i, s := range stats.States {
		states[i] = model.State{Name: set.States[i], Role: model.Learned}
		if len(set.Units) > 0 {
			states[i].Unit = set.Units[i]
		}
		switch {
		case s.Constant:
			states[i].Role = model.Constant
		case s.Steady:
			states[i].Role = model.Steady
		}
		lo[i], hi[i] = s.Min, s.Max
		if s.Observed == 0 {
			lo[i], hi[i] = 0, 1
		}
	}
	if !slices.ContainsFunc(states, func(s model.State) bool { return s.Role == model.Learned }) {
		return &data.Error{Msg: "every state is constant: there is nothing to learn"}
	}
	c := model.ScaledConfig{
		States: states, Hidden: cfg.Model.Hidden,
		Input:  t.input(lo, hi),
		TScale: stats.TimeScale(), Magnitude: stats.Scale(data.ScaleRange),
	}
	var err error
	if c.Activation, err = nn.ParseActivation(cfg.Model.Activation); err != nil {
		return err
	}
	if c.OutputActivation, err = nn.ParseActivation(cfg.Model.Output); err != nil {
		return err
	}
	switch cfg.Model.YScale {
	case "none":
		c.YScale = slices.Repeat([]float64{1}, n)
	case "max":
		c.YScale = stats.Scale(data.ScaleMax)
		c.Magnitude = c.YScale
	case "rate":
		c.YScale = slices.Clone(c.Magnitude)
		for i, r := range restingRates(set) {
			if s := r * stats.TimeScale(); s > 0 {
				c.YScale[i] = s
			}
		}
	case "range":
		c.YScale = c.Magnitude
	default:
		return unknownName("model.y_scale", cfg.Model.YScale, choices()["model.y_scale"])
	}
	if cfg.Model.TScale == "none" {
		c.TScale = 1
	}
	switch cfg.Model.TimeInput {
	case "linear":
		c.Time = &model.TimeInput{Kind: model.InputLinear, Center: (stats.T0 + stats.T1) / 2, Scale: stats.TimeScale() / 2}
	case "log":
		floor := firstTime(set) - stats.T0
		in := model.NewInput(model.InputLog, []float64{stats.T0}, []float64{stats.T1}, math.Log10(stats.TimeScale()/floor))
		c.Time = &model.TimeInput{Kind: model.InputLog, Center: in.Center[0], Scale: in.Scale[0], Floor: in.Floor[0]}
	}
	t.states = states
	t.rhs, t.notes, err = constrain(cfg, c, set, stats)
	return err
}

// input chooses the scaling of the network's inputs from the smallest and largest values of the states.
func (t *task) input(lo, hi []float64) model.Input {
	kind, decades := model.InputKind(t.cfg.Model.Input), t.cfg.Model.LogDecades
	if kind != model.InputLog || decades > 0 {
		return model.NewInput(kind, lo, hi, decades)
	}
	in := model.Input{Kind: kind, Floor: slices.Clone(t.sizes)}
	for i, floor := range in.Floor {
		a, b := math.Asinh(lo[i]/floor), math.Asinh(hi[i]/floor)
		scale := (b - a) / 2
		if !(scale > 0) {
			scale = 1
		}
		in.Center, in.Scale = append(in.Center, (a+b)/2), append(in.Scale, scale)
	}
	return in
}

// firstTime is the earliest time after the start of a trajectory.
func firstTime(set *data.Set) float64 {
	first := math.Inf(1)
	for k := range set.Trajectories {
		if times := set.Trajectories[k].Times; len(times) > 1 {
			first = min(first, times[1])
		}
	}
	return first
}

// lossScale returns what differences are divided by, and 0 for states that do not count because they do not vary.
func lossScale(kind string, stats *data.Stats) []float64 {
	scale := stats.Scale(data.ScaleRange)
	if kind == "max" {
		scale = stats.Scale(data.ScaleMax)
	}
	for i, s := range stats.States {
		switch {
		case s.Steady || s.Range() == 0:
			scale[i] = 0
		case kind == "none":
			scale[i] = 1
		}
	}
	return scale
}

func (t *task) addTrajectory(source int, scale []float64) {
	src := &t.set.Trajectories[source]
	k := len(t.states)
	tr := trajectory{source: source, t0: src.Times[0], y0: slices.Clone(src.Row(0, k)), weight: []float64{0}, count: []float64{0}}
	for i, v := range tr.y0 {
		if math.IsNaN(v) {
			tr.unknown = append(tr.unknown, unknown{i, t.total})
			t.guess = append(t.guess, t.firstObserved(src, i)/t.size[i])
			t.total++
		}
	}
	ranges := t.stats.Ranges()
	initial := 0.0
	for r := range src.Times {
		row := src.Row(r, k)
		weight, count := 0.0, 0.0
		weights := make([]float64, k)
		for i, v := range row {
			if math.IsNaN(v) {
				continue
			}
			if ranges[i] > 0 {
				count++
			}
			if scale[i] == 0 {
				continue
			}
			weights[i] = 1
			if src.Weights != nil {
				weights[i] = src.Weights[r*k+i]
			}
			weight += weights[i]
		}
		switch {
		case r == 0:
			// The model is exact here by construction: the row counts in the mean, if asked for, and nowhere else.
			if t.cfg.Loss.InitialRow {
				initial = weight
			}
		case weight > 0 || count > 0:
			tr.times = append(tr.times, src.Times[r])
			tr.values = append(tr.values, row...)
			tr.weights = append(tr.weights, weights...)
			n := len(tr.weight)
			tr.weight = append(tr.weight, tr.weight[n-1]+weight)
			tr.count = append(tr.count, tr.count[n-1]+count)
		}
	}
	for n := range tr.weight {
		tr.weight[n] += initial
	}
	if len(tr.times) > 0 {
		t.trajectories = append(t.trajectories, tr)
	}
}

// firstObserved is where the estimate of an unknown initial value begins.
func (t *task) firstObserved(tr *data.Trajectory, state int) float64 {
	k := len(t.states)
	for i := state; i < len(tr.Values); i += k {
		if !math.IsNaN(tr.Values[i]) {
			return tr.Values[i]
		}
	}
	if s := t.stats.States[state]; s.Observed > 0 {
		return s.Min
	}
	return 0
}

// rows is the number of rows of all trajectories that the loss sees.
func (t *task) rows() int {
	n := 0
	for i := range t.trajectories {
		n += len(t.trajectories[i].times)
	}
	return n
}

// start fills θ with random parameters and the first guess of unknown initial values.
func (t *task) start(theta []float64, seed uint64) {
	t.rhs.Init(theta[:t.params], t.nn, seed)
	copy(theta[t.params:], t.guess)
}

// gradientMethods are the methods that a configuration may name. The objective has its own workers.
var gradientMethods = []sens.Method{
	sens.DiscreteReverse{}, sens.DiscreteForward{Workers: 1},
	sens.QuadratureAdjoint{}, sens.GaussAdjoint{}, sens.InterpolatingAdjoint{}, sens.IMEXAdjoint{}, sens.Backsolve{},
}

// GradientMethods are the gradient methods that a configuration may name.
func GradientMethods() []sens.Method { return slices.Clone(gradientMethods) }

func gradientNames() []string {
	var n []string
	for _, m := range gradientMethods {
		n = append(n, m.Info().Name)
	}
	return n
}

func gradientMethod(name string) (sens.Method, error) {
	for _, m := range gradientMethods {
		if m.Info().Name == name {
			return m, nil
		}
	}
	return nil, unknownName("solver.gradient", name, gradientNames())
}
