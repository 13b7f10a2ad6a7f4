package problem

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/names"
	"github.com/stiffnode/stiffnode/nn"
)

// named looks a name up.
func named[T any](what, name string, known map[string]T) (T, error) {
	v, ok := known[name]
	if !ok {
		return v, fmt.Errorf("problem: %s: %s", what, names.Unknown(name, slices.Collect(maps.Keys(known))))
	}
	return v, nil
}

// A Problem is the whole description. What its lists leave empty is not there.
type Problem struct {
	Title string
	// Time is the name of the time in formulas besides t and time, and TimeUnit its unit.
	Time, TimeUnit string

	States      []State
	Parameters  []Parameter
	Reactions   []Reaction
	Derivatives []Equation // of states that no reaction changes, or added to what reactions do
	Algebraic   []string   // formulas that are zero: each determines one state that is marked algebraic
	Assignments []Equation // named formulas that others use, in any order
	Inputs      []Input
	Networks    []Network
	Observables []Observable
	Experiments []Experiment
	Solver      Solver
	Fit         Fit
}

// A Value is a number, a formula of parameters and inputs, or a column of the data, of which the first value of a trajectory counts. Exactly one is given.
type Value struct {
	Formula string
	Column  string
}

// Formula is a Value given by a formula; a number is one too.
func Formula(text string) Value { return Value{Formula: text} }

// Column is a Value read from the data.
func Column(name string) Value { return Value{Column: name} }

// Given says whether there is one.
func (v Value) Given() bool { return v != Value{} }

// A State has a value at the start of every experiment. Where Start is not given it is the first value of the data column of the state's name.
type State struct {
	Name, Unit string
	Start      Value
	// Unknown starts are estimated: Start is then a name in Parameters.
	Algebraic bool
	// NonNegative asks the solver to repeat steps that lead below zero.
	NonNegative bool
}

// A Scale says on which scale a parameter is estimated.
type Scale int

const (
	// Linear: as it is.
	Linear Scale = iota
	// Log: its natural logarithm; it is above zero.
	Log
	// Log10: its decimal logarithm; it is above zero.
	Log10
)

var scaleNames = map[string]Scale{"lin": Linear, "log": Log, "log10": Log10}

// ParseScale returns the scale of a name; the error says what may have been meant, and what there is.
func ParseScale(name string) (Scale, error) { return named("scale", name, scaleNames) }

func (s Scale) String() string { return [...]string{"lin", "log", "log10"}[s] }

// On returns the value on the scale, and Off is its inverse.
func (s Scale) On(v float64) float64 {
	switch s {
	case Log:
		return math.Log(v)
	case Log10:
		return math.Log10(v)
	}
	return v
}

// Off returns the value of what is x on the scale.
func (s Scale) Off(x float64) float64 {
	switch s {
	case Log:
		return math.Exp(x)
	case Log10:
		return math.Pow(10, x)
	}
	return x
}

// Slope is the derivative of Off at the point whose value is v.
func (s Scale) Slope(v float64) float64 {
	switch s {
	case Log:
		return v
	case Log10:
		return v * math.Ln10
	}
	return 1
}

// A PriorKind is a family of priors.
type PriorKind int

const (
	// NoPrior: every value within the bounds is as likely.
	NoPrior PriorKind = iota
	// Normal, with mean and standard deviation.
	Normal
	// Laplace, with location and scale b: density e^{−|x−μ|/b}/(2b).
	Laplace
	// Uniform, between two values: the bounds of the parameter are narrowed.
	Uniform
	// LogNormal: the natural logarithm of the value is normal.
	LogNormal
	// LogLaplace: the natural logarithm of the value has a Laplace prior.
	LogLaplace
)

// A Prior is one of these with its two numbers. It is about the value itself, or, where OnScale says so, about the value on the parameter's scale.
type Prior struct {
	Kind    PriorKind
	A, B    float64
	OnScale bool
}

// A Parameter is a constant of the formulas, known or to be estimated.
type Parameter struct {
	Name, Unit string
	// Value is the value, or where estimation starts.
	Value float64
	// Min and Max bound it; both 0 means no bounds. An estimated parameter on a logarithmic scale without bounds is kept within 1e-8 … 1e8 of its value, so that starts can be drawn.
	Min, Max float64
	Scale    Scale
	Prior    Prior
	Estimate bool
	// PerExperiment gives it a value of its own in every experiment.
	PerExperiment bool
}

// A LawKind is a rate law.
type LawKind int

const (
	// Rate: any formula.
	Rate LawKind = iota
	// MassActionLaw: k Π reactants − kr Π products.
	MassActionLaw
	// ArrheniusLaw: mass action with k = exp(lnA − E/R (1/T − 1/T0)).
	ArrheniusLaw
	// MichaelisMentenLaw: Vmax S/(Km + S), S the first reactant.
	MichaelisMentenLaw
	// HillLaw: Vmax Sⁿ/(Kⁿ + Sⁿ), S the first reactant.
	HillLaw
)

// A Law is a rate law with the formulas of its constants by name: rate; k, kr; lnA, E_R, T, T0 (and lnA_reverse, E_R_reverse); vmax, km; vmax, k, n.
type Law struct {
	Kind      LawKind
	Constants map[string]string
}

// MassAction is the law with constants k and, for a reversible reaction, kr.
func MassAction(k, kr string) Law {
	c := map[string]string{"k": k}
	if kr != "" {
		c["kr"] = kr
	}
	return Law{MassActionLaw, c}
}

// RateLaw is any formula.
func RateLaw(formula string) Law { return Law{Rate, map[string]string{"rate": formula}} }

// A Reaction is an equation ("A + 2 B -> C") with its law.
type Reaction struct {
	Name, Equation string
	Law            Law
}

// An Equation is a named formula.
type Equation struct{ Name, Formula string }

// An Interpolation says how an input runs between its knots.
type Interpolation int

const (
	// LinearInterpolation: straight lines. The default.
	LinearInterpolation Interpolation = iota
	// ConstantInterpolation: the first value, all the time.
	ConstantInterpolation
	// StepInterpolation: every value is held until the next.
	StepInterpolation
	// PchipInterpolation: monotone cubic (Fritsch and Carlson, SIAM J. Numer. Anal. 17, 238, 1980; slopes after Brodlie), continuously differentiable.
	PchipInterpolation
)

var interpolationNames = map[string]Interpolation{"linear": LinearInterpolation, "constant": ConstantInterpolation, "step": StepInterpolation, "pchip": PchipInterpolation}

// ParseInterpolation returns the interpolation of a name; the error says what may have been meant, and what there is.
func ParseInterpolation(name string) (Interpolation, error) {
	return named("interpolation", name, interpolationNames)
}

// An Input drives the system: a column of the data, or a formula of the time and of parameters.
type Input struct {
	Name, Unit    string
	Column        string
	Formula       string
	Interpolation Interpolation
}

// A Network is a multilayer perceptron that formulas call by name: NAME() is its output at Inputs, NAME_1 … where there are several; they are names like any other.
type Network struct {
	Name   string
	Inputs []string // formulas
	// Outputs are the names of its outputs in formulas; one output by default has the network's name.
	Outputs          []string
	Hidden           []int
	Activation       nn.Activation
	OutputActivation nn.Activation
	// Scale multiplies each output; 1 where it is not given.
	Scale []float64
	// Decay is the standard deviation of a normal prior about 0 of each weight; 0 means none.
	Decay float64
}

// A Distribution of measurement errors.
type Distribution int

const (
	// NormalNoise has the standard deviation given.
	NormalNoise Distribution = iota
	// LaplaceNoise has the scale b given.
	LaplaceNoise
	// LogNormalNoise: ln of the measured value is normal about ln of the model with the standard deviation given.
	LogNormalNoise
	// LogLaplaceNoise: ln of the measured value has Laplace errors.
	LogLaplaceNoise
)

var distributionNames = map[string]Distribution{"normal": NormalNoise, "laplace": LaplaceNoise, "log-normal": LogNormalNoise, "log-laplace": LogLaplaceNoise}

// ParseDistribution returns the distribution of a name; the error says what may have been meant, and what there is.
func ParseDistribution(name string) (Distribution, error) {
	return named("distribution", name, distributionNames)
}

// An Observable is what is measured: a formula of states, parameters, inputs and time.
type Observable struct {
	Name, Unit string
	Formula    string // by default the state of the same name
	Column     string // of the data; by default the name
	// Noise is the standard deviation (or scale) of an error: a number or a formula; empty means that the least squares are scaled by the range of the data, and "estimate" that
	// one value for all rows is estimated.
	Noise        string
	Distribution Distribution
	// FreeScale and FreeOffset: the model's value is multiplied by a factor, and has a constant added, that are solved for in closed form (normal noise of known or scaled size only).
	// PerExperiment gives every experiment its own.
	FreeScale, FreeOffset, PerExperiment bool
	// CensoredBelow: a measured value at or below it says only that the true one is below. NaN or 0 means none.
	CensoredBelow float64
}

// An Experiment is one or more trajectories under the same conditions.
type Experiment struct {
	Name string
	// Data are files, and Trajectories the names of those of their trajectories that belong to it; all of them where none is named. Each trajectory is an experiment of its own, with
	// the same conditions.
	Data         []string
	Trajectories []string
	// Conditions are values of parameters in this experiment, numbers or formulas of others; Starts are those of states.
	Conditions, Starts []Equation
	// T0 and T1 are where it begins and ends; NaN: at the first and last row.
	T0, T1 float64
	// Set holds data in memory instead of Data.
	Set *data.Set
}

// Solver says how the problem is solved; what is not given is chosen.
type Solver struct {
	Method string
	RTol   float64
	ATol   []float64
}

// Fit says how unknown parameters are found; what is not given is chosen.
type Fit struct {
	Starts int
	Seed   uint64
	// Sampling is "lhs" or "sobol".
	Sampling string
	// Loss is "likelihood" or "scaled".
	Loss       string
	Iterations int
}
