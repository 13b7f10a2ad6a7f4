package train

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/data"
)

// auto leaves a choice to Resolve, which takes it from the data.
const auto = "auto"

// Config is everything that decides what a training run does. Default returns one; Resolve makes the choices that were left to
// the data; the result, written with WriteTOML, reproduces the run. The tags are the names and the explanations in the file.
type Config struct {
	Data        DataConfig        `toml:"data"`
	Model       ModelConfig       `toml:"model"`
	Constraints ConstraintsConfig `toml:"constraints"`
	Solver      SolverConfig      `toml:"solver"`
	Loss        LossConfig        `toml:"loss"`
	Train       RunConfig         `toml:"train"`
	Starts      StartsConfig      `toml:"starts"`
	Optimizer   OptimizerConfig   `toml:"optimizer"`
	Schedule    ScheduleConfig    `toml:"schedule"`
	STEER       STEERConfig       `toml:"steer"`

	LeastSquares LeastSquaresConfig `toml:"least_squares"`
}

// DataConfig says what is learned from.
type DataConfig struct {
	Files  []string `toml:"files" comment:"CSV files, relative to the folder of this file"`
	Time   string   `toml:"time" comment:"time column; empty: the one that its name makes the time"`
	States []string `toml:"states" comment:"columns that are states; empty: all others"`
	Ignore []string `toml:"ignore" comment:"columns left out"`

	Trajectory []string `toml:"trajectory" comment:"columns that together name the trajectory of a row; empty: trajectory"`
	Long       []string `toml:"long" comment:"two columns of a long table: the names of the states, and their values"`
	Wells      string   `toml:"wells" comment:"the columns are wells of a plate, trajectories of one state of this name"`
	Replicates bool     `toml:"replicates" comment:"rows of equal time are replicates, even where few times have two"`

	Holdout   float64 `toml:"holdout" comment:"part of the data held out for judging the model; -1: a tenth of the rows where there are enough"`
	HoldoutOf string  `toml:"holdout_of" comment:"rows or trajectories; empty: trajectories where there are five or more, rows otherwise"`
}

// ModelConfig describes the right-hand side dy/dt = g(NN(x(y, t)))·y_scale/t_scale.
type ModelConfig struct {
	Hidden     []int   `toml:"hidden" comment:"widths of the hidden layers; empty: chosen by the number of states"`
	Activation string  `toml:"activation" comment:"of the hidden layers, or auto"`
	Output     string  `toml:"output" comment:"g, the activation of the outputs: identity, sinh, …, or auto"`
	Input      string  `toml:"input" comment:"scaling of the network's inputs: none, linear, log, or auto"`
	LogDecades float64 `toml:"log_decades" comment:"decades below a state's largest value that a log input resolves; 0: down to sizes that are typical of its smaller values"`
	TimeInput  string  `toml:"time_input" comment:"time as an input: off, linear, log"`
	YScale     string  `toml:"y_scale" comment:"range (max − min of every state), max, rate (t_scale times a typical rate of change of the state at rest), none, or auto"`
	TScale     string  `toml:"t_scale" comment:"span (last time − first time) or none"`
	Init       string  `toml:"init" comment:"initial weights"`
}

// SolverConfig says how the model is solved in training; the model file keeps it.
type SolverConfig struct {
	Method   string    `toml:"method"`
	RTol     float64   `toml:"rtol"`
	ATol     []float64 `toml:"atol" comment:"one value, or one per state; empty: 1e-3·rtol·size of the state"`
	MaxSteps int       `toml:"max_steps" comment:"a trial that needs more counts as failed"`
	Gradient string    `toml:"gradient" comment:"gradient method"`
}

// LossConfig says what is minimised: a mean over observed values.
type LossConfig struct {
	Kind       string    `toml:"kind" comment:"mae, mse or huber"`
	Scale      string    `toml:"scale" comment:"what differences are divided by: range, max, or none"`
	HuberDelta float64   `toml:"huber_delta" comment:"where huber turns from squared to absolute, in units of the scale"`
	Noise      []float64 `toml:"noise" comment:"standard deviation of the measurement errors, in the states' units: one value, or one per state; empty: estimated"`
	InitialRow bool      `toml:"initial_row" comment:"count the first row of every trajectory, where the model is exact, in the mean"`
}

// RunConfig is about the run as a whole.
type RunConfig struct {
	Recipe     string  `toml:"recipe"`
	Epochs     int     `toml:"epochs"`
	Seed       uint64  `toml:"seed"`
	Keep       string  `toml:"keep" comment:"parameters that become the model: best (lowest loss) or last"`
	Budget     float64 `toml:"budget" comment:"seconds after which training ends; 0: no bound (bits then depend on the machine's speed)"`
	Checkpoint float64 `toml:"checkpoint" comment:"seconds between checkpoints"`
}

// StartsConfig lets several random starts race before the best one goes on.
type StartsConfig struct {
	Count  int `toml:"count" comment:"random starts that race at first; 1: no race"`
	Epochs int `toml:"epochs" comment:"epochs of the race, at the schedule's first rate"`
}

// OptimizerConfig chooses a first-order method.
type OptimizerConfig struct {
	Name         string  `toml:"name" comment:"adamw, adam or sgd"`
	LearningRate float64 `toml:"learning_rate"`
	Beta1        float64 `toml:"beta1"`
	Beta2        float64 `toml:"beta2"`
	Epsilon      float64 `toml:"epsilon"`
	WeightDecay  float64 `toml:"weight_decay"`
	Decay        string  `toml:"decay" comment:"decoupled: times the learning rate; flux: without it"`
	Momentum     float64 `toml:"momentum" comment:"of sgd"`
	Nesterov     bool    `toml:"nesterov" comment:"of sgd"`
	ClipNorm     float64 `toml:"clip_norm" comment:"largest norm of the gradient; 0: no bound"`
	RescaleNorm  float64 `toml:"rescale_norm" comment:"norm that every gradient is given; 0: as it is"`
	MaxGrowth    float64 `toml:"max_growth" comment:"a step after which the loss is larger than the lowest so far by this factor counts as failed; 0: no bound"`
	Retries      int     `toml:"retries" comment:"how often a step that leads to a failed solve is made smaller"`
	RetryFactor  float64 `toml:"retry_factor" comment:"by this factor"`
}

// ScheduleConfig is the learning rate over the epochs.
type ScheduleConfig struct {
	Kind   string  `toml:"kind" comment:"constant, step, exponential or cosine"`
	Warmup int     `toml:"warmup" comment:"epochs of linear rise, of cosine"`
	Final  float64 `toml:"final" comment:"rate at the end of cosine; floor of step and exponential"`
	Factor float64 `toml:"factor" comment:"of step and exponential"`
	Every  int     `toml:"every" comment:"epochs over which step and exponential fall by the factor"`
}

// STEERConfig truncates trajectories at random ends (Ghosh et al., STEER: simple temporal regularization for neural ODEs, NeurIPS 2020).
type STEERConfig struct {
	Fraction float64 `toml:"fraction" comment:"largest part of a trajectory's rows cut from its end at random in each epoch; 0: none"`
}

// LeastSquaresConfig is about the recipe least-squares.
type LeastSquaresConfig struct {
	Starts         int    `toml:"starts" comment:"random starts of the first race, fitted to derivatives estimated from the data; every further race has twice as many"`
	WarmIterations int    `toml:"warm_iterations" comment:"iterations of that fit in each of its rounds, every one of which halves the number of starts; 0: no fit"`
	Survivors      int    `toml:"survivors" comment:"starts that the last of these rounds leaves"`
	Racers         int    `toml:"racers" comment:"the best of these race on whole trajectories"`
	Races          int    `toml:"races" comment:"races at most, where none ends well"`
	Residuals      string `toml:"residuals" comment:"relative: differences are divided by 0.01 + |data| in units of the scale; log: they are those of asinh(value/typical size); or auto"`
	Rows           int    `toml:"rows" comment:"rows of each trajectory that residuals are taken of, closest where most happens; 0: all that are affordable"`
	Interpolate    bool   `toml:"interpolate" comment:"hold the model to an interpolation of the data between the observed times, where states carry no errors"`
}

// Clone returns a copy that shares no memory with c.
func (c *Config) Clone() *Config {
	out := *c
	for _, f := range out.fields() {
		if f.value.Kind() == reflect.Slice && !f.value.IsNil() {
			list := reflect.MakeSlice(f.value.Type(), f.value.Len(), f.value.Len())
			reflect.Copy(list, f.value)
			f.value.Set(list)
		}
	}
	return &out
}

// Default returns the configuration that training starts from when nothing is said.
func Default() *Config {
	return &Config{
		Data:        DataConfig{Holdout: HoldoutAuto},
		Model:       ModelConfig{Activation: auto, Output: auto, Input: auto, TimeInput: "off", YScale: auto, TScale: "span", Init: "glorot_normal"},
		Constraints: ConstraintsConfig{Kind: "none"},
		Solver:      SolverConfig{Method: auto, RTol: 1e-6, MaxSteps: 3000, Gradient: "discrete-reverse"},
		Loss:        LossConfig{Kind: "mse", Scale: "range", HuberDelta: 0.01},
		Train:       RunConfig{Recipe: "least-squares", Epochs: 1000, Seed: 1, Keep: "best", Checkpoint: 5},
		Starts:      StartsConfig{Count: 8, Epochs: 250},
		Optimizer:   OptimizerConfig{Name: "adamw", LearningRate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0, Decay: "decoupled", MaxGrowth: 10, Retries: 10, RetryFactor: 0.5},
		Schedule:    ScheduleConfig{Kind: "cosine", Factor: 0.5, Every: 1000},

		LeastSquares: LeastSquaresConfig{Starts: 4, WarmIterations: 30, Survivors: 2, Racers: 2, Races: 3, Residuals: auto, Interpolate: true},
	}
}

// ParseNetwork reads the widths of hidden layers as people write them: 3x10 for three layers of ten, or 20,10,5.
func ParseNetwork(s string) ([]int, error) {
	bad := &ConfigError{Problems: []ConfigProblem{{Key: "network", Msg: fmt.Sprintf("%q is not of the form 3x10 (three layers of ten) or 20,10,5", s)}}}
	if depth, width, ok := strings.Cut(s, "x"); ok {
		n, err1 := strconv.Atoi(depth)
		w, err2 := strconv.Atoi(width)
		if err1 != nil || err2 != nil || n < 1 || n > maxLayers || w < 1 {
			return nil, bad
		}
		return slices.Repeat([]int{w}, n), nil
	}
	var out []int
	for part := range strings.SplitSeq(s, ",") {
		w, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || w < 1 {
			return nil, bad
		}
		out = append(out, w)
	}
	return out, nil
}

// A ConfigProblem is one thing that is wrong with a configuration.
type ConfigProblem struct {
	Line int    // of the file; 0 where the value is not from a file
	Key  string // such as solver.rtol
	Msg  string
}

// A ConfigError lists everything that is wrong with a configuration.
type ConfigError struct {
	File     string // as the caller named it
	Problems []ConfigProblem
}

func (e *ConfigError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch {
		case e.File != "" && p.Line > 0:
			fmt.Fprintf(&b, "%s:%d: ", e.File, p.Line)
		case e.File != "":
			fmt.Fprintf(&b, "%s: ", e.File)
		}
		if p.Key != "" {
			b.WriteString(p.Key + ": ")
		}
		b.WriteString(p.Msg)
	}
	return b.String()
}

// ReadOptions are the columns that the configuration chooses.
func (c *Config) ReadOptions() data.ReadOptions {
	d := &c.Data
	return data.ReadOptions{Time: d.Time, States: d.States, Ignore: d.Ignore, Trajectory: d.Trajectory, Long: d.Long, Wells: d.Wells, Replicates: d.Replicates}
}
