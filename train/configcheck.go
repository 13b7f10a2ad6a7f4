package train

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// Bounds of counts, beyond which a machine has neither the memory nor the time, and sums of them would overflow.
const (
	maxCount  = 1_000_000_000
	maxStarts = 1000
	maxRaces  = 10
	maxDrawn  = 10_000 // starts of all races together
)

// maxSeconds bounds times: a hundred years, which a time.Duration holds.
const maxSeconds = 100 * 365 * 86400

// maxLayers and maxWidth bound networks, whatever a configuration asks for.
const (
	maxLayers = 256
	maxWidth  = 4096
)

// choices are the names that a key may have.
func choices() map[string][]string {
	inputs := append([]string{auto}, model.InputKinds()...)
	return map[string][]string{
		"data.holdout_of":         {"rows", "trajectories"},
		"model.activation":        append([]string{auto}, nn.ActivationNames()...),
		"model.output":            append([]string{auto}, nn.ActivationNames()...),
		"model.input":             inputs,
		"model.time_input":        {"off", "linear", "log"},
		"model.y_scale":           {auto, "range", "max", "rate", "none"},
		"model.t_scale":           {"span", "none"},
		"model.init":              nn.InitNames(),
		"constraints.kind":        {"none", "projection", "dae"},
		"solver.gradient":         gradientNames(),
		"loss.kind":               {"mae", "mse", "huber"},
		"loss.scale":              {"range", "max", "none"},
		"train.recipe":            recipeNames(),
		"least_squares.residuals": {auto, "relative", "log"},
		"train.keep":              {"best", "last"},
		"optimizer.name":          {"adamw", "adam", "sgd"},
		"optimizer.decay":         {"decoupled", "flux"},
		"schedule.kind":           {"constant", "step", "exponential", "cosine"},
	}
}

// Validate returns a *ConfigError that names everything that is impossible, nil where nothing is.
func (c *Config) Validate() error {
	if p := c.problems(); len(p) > 0 {
		return &ConfigError{Problems: p}
	}
	return nil
}

func (c *Config) problems() []ConfigProblem {
	k := &checker{}
	k.names(c)
	k.model(c)
	c.Constraints.problems(k.bad)
	k.solverAndLoss(c)
	k.run(c)
	k.firstOrder(c)
	k.leastSquares(c.LeastSquares)
	return k.found
}

// checker gathers what is impossible.
type checker struct{ found []ConfigProblem }

func (k *checker) bad(key, format string, args ...any) {
	k.found = append(k.found, ConfigProblem{Key: key, Msg: fmt.Sprintf(format, args...)})
}

func (k *checker) number(key string, v float64, ok bool, want string) {
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		k.bad(key, "is %g; it must be %s", v, want)
	}
}

func (k *checker) count(key string, v, least, most int) {
	switch {
	case v < least:
		k.bad(key, "is %d; it must be at least %d", v, least)
	case v > most:
		k.bad(key, "is %d; it must be at most %d", v, most)
	}
}

// names checks what is chosen by name.
func (k *checker) names(c *Config) {
	allowed := choices()
	for _, f := range c.fields() {
		valid, ok := allowed[f.key]
		if !ok || f.key == "data.holdout_of" && f.value.String() == "" {
			continue
		}
		if s := f.value.String(); !slices.Contains(valid, s) {
			if near, ok := names.Nearest(s, valid); ok {
				k.bad(f.key, "%q is not known; did you mean %q? There are %s", s, near, strings.Join(valid, ", "))
			} else {
				k.bad(f.key, "%q is not known; there are %s", s, strings.Join(valid, ", "))
			}
		}
	}
	if _, err := ode.MethodByName(c.Solver.Method); err != nil {
		k.bad("solver.method", "%s", methodProblem(err))
	}
}

func (k *checker) model(c *Config) {
	for _, w := range c.Model.Hidden {
		if w < 1 || w > maxWidth {
			k.bad("model.hidden", "has a layer of %d neurons; widths are between 1 and %d", w, maxWidth)
		}
	}
	if len(c.Model.Hidden) > maxLayers {
		k.bad("model.hidden", "has %d layers; %d are the most", len(c.Model.Hidden), maxLayers)
	}
	k.number("model.log_decades", c.Model.LogDecades, c.Model.LogDecades >= 0 && c.Model.LogDecades <= 100, "at least 0 and at most 100")
}

func (k *checker) solverAndLoss(c *Config) {
	k.number("solver.rtol", c.Solver.RTol, c.Solver.RTol >= 1e-13 && c.Solver.RTol <= 0.1, "between 1e-13 and 0.1")
	for _, a := range c.Solver.ATol {
		k.number("solver.atol", a, a >= 0, "at least 0 and finite")
	}
	k.count("solver.max_steps", c.Solver.MaxSteps, 10, maxCount)
	k.number("loss.huber_delta", c.Loss.HuberDelta, c.Loss.HuberDelta > 0, "above 0")
	for _, v := range c.Loss.Noise {
		k.number("loss.noise", v, v >= 0, "at least 0 and finite")
	}
}

func (k *checker) run(c *Config) {
	k.number("data.holdout", c.Data.Holdout, c.Data.Holdout >= 0 && c.Data.Holdout <= 0.5 || c.Data.Holdout == HoldoutAuto, "between 0 and 0.5, or -1")
	k.count("train.epochs", c.Train.Epochs, 1, maxCount)
	if c.Train.Seed > math.MaxInt64 { // the largest number that TOML has
		k.bad("train.seed", "is %d; it must be at most %d", c.Train.Seed, math.MaxInt64)
	}
	k.number("train.budget", c.Train.Budget, c.Train.Budget >= 0 && c.Train.Budget <= maxSeconds, "at least 0 and at most a hundred years")
	k.number("train.checkpoint", c.Train.Checkpoint, c.Train.Checkpoint > 0, "above 0")
	k.count("starts.count", c.Starts.Count, 1, maxStarts)
	k.count("starts.epochs", c.Starts.Epochs, 0, maxCount)
	k.number("steer.fraction", c.STEER.Fraction, c.STEER.Fraction >= 0 && c.STEER.Fraction < 1, "at least 0 and below 1")
}

func (k *checker) firstOrder(c *Config) {
	o := c.Optimizer
	k.number("optimizer.learning_rate", o.LearningRate, o.LearningRate > 0, "above 0")
	k.number("optimizer.beta1", o.Beta1, o.Beta1 > 0 && o.Beta1 < 1, "above 0 and below 1")
	k.number("optimizer.beta2", o.Beta2, o.Beta2 > 0 && o.Beta2 < 1, "above 0 and below 1")
	k.number("optimizer.epsilon", o.Epsilon, o.Epsilon > 0, "above 0")
	k.number("optimizer.weight_decay", o.WeightDecay, o.WeightDecay >= 0, "at least 0")
	k.number("optimizer.momentum", o.Momentum, o.Momentum >= 0 && o.Momentum < 1, "at least 0 and below 1")
	if o.Nesterov && o.Momentum == 0 {
		k.bad("optimizer.nesterov", "needs a momentum above 0")
	}
	k.number("optimizer.clip_norm", o.ClipNorm, o.ClipNorm >= 0, "at least 0")
	k.number("optimizer.rescale_norm", o.RescaleNorm, o.RescaleNorm >= 0, "at least 0")
	if o.ClipNorm > 0 && o.RescaleNorm > 0 {
		k.bad("optimizer.clip_norm", "and rescale_norm exclude each other: set one of them to 0")
	}
	k.number("optimizer.max_growth", o.MaxGrowth, o.MaxGrowth == 0 || o.MaxGrowth > 1, "above 1, or 0")
	k.count("optimizer.retries", o.Retries, 0, maxCount)
	k.number("optimizer.retry_factor", o.RetryFactor, o.RetryFactor > 0 && o.RetryFactor < 1, "above 0 and below 1")
	s := c.Schedule
	k.count("schedule.warmup", s.Warmup, 0, maxCount)
	if s.Kind == "cosine" && c.Train.Epochs > 0 && s.Warmup >= c.Train.Epochs {
		k.bad("schedule.warmup", "is %d of %d epochs; it must be fewer", s.Warmup, c.Train.Epochs)
	}
	switch {
	case s.Final > o.LearningRate && o.LearningRate > 0:
		k.bad("schedule.final", "is %g; it must be at most the learning rate, which is %g", s.Final, o.LearningRate)
	default:
		k.number("schedule.final", s.Final, s.Final >= 0, "at least 0 and at most the learning rate")
	}
	k.number("schedule.factor", s.Factor, s.Factor > 0 && s.Factor <= 1, "above 0 and at most 1")
	k.count("schedule.every", s.Every, 1, maxCount)
}

func (k *checker) leastSquares(c LeastSquaresConfig) {
	before := len(k.found)
	k.count("least_squares.starts", c.Starts, 1, maxStarts)
	k.count("least_squares.warm_iterations", c.WarmIterations, 0, maxCount)
	k.count("least_squares.survivors", c.Survivors, 1, maxCount)
	k.count("least_squares.racers", c.Racers, 1, maxStarts)
	k.count("least_squares.rows", c.Rows, 0, maxCount)
	k.count("least_squares.races", c.Races, 1, math.MaxInt)
	if c.Races > maxRaces {
		k.bad("least_squares.races", "is %d; %d are the most, as every race has twice the starts of the one before", c.Races, maxRaces)
	}
	if all := c.Starts << max(0, min(c.Races, maxRaces)); len(k.found) == before && all-c.Starts > maxDrawn {
		k.bad("least_squares.starts", "is %d in the first of %d races, each of which has twice the starts of the one before: %d in all, and %d are the most", c.Starts, c.Races, all-c.Starts, maxDrawn)
	}
}

// unknownName refuses a name that Validate would have refused.
func unknownName(key, name string, known []string) error {
	return &ConfigError{Problems: []ConfigProblem{{Key: key, Msg: fmt.Sprintf("%q is not known; there are %s", name, strings.Join(known, ", "))}}}
}

// unresolved names choices that were left to the data and have not been made.
func (c *Config) unresolved() error {
	var e ConfigError
	for _, f := range c.fields() {
		if f.value.Kind() != reflect.String || f.value.String() != auto || f.key == "least_squares.residuals" && c.Train.Recipe != "least-squares" {
			continue
		}
		e.Problems = append(e.Problems, ConfigProblem{Key: f.key, Msg: "is auto, and has not been chosen; call Resolve with the data first"})
	}
	if len(e.Problems) == 0 {
		return nil
	}
	return &e
}

// methodProblem is what package ode says about a method that it does not know.
func methodProblem(err error) string {
	var input *ode.InputError
	if errors.As(err, &input) {
		return input.Msg
	}
	return err.Error()
}
