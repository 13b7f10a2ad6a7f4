package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// A Choice is something that Resolve decided, and why.
type Choice struct{ Key, Value, Why string }

// Resolve makes the choices that the configuration leaves to the data, so that what it holds afterwards reproduces the run.
func (c *Config) Resolve(set *data.Set) []Choice {
	var out []Choice
	stats := c.stats(set)
	chose := func(key, value, why string) { out = append(out, Choice{key, value, why}) }
	learned, decades := 0, false
	for _, s := range stats.States {
		if !s.Steady {
			learned++
			decades = decades || s.Decades
		}
	}
	spread, jumps := stats.LogTimes, hasJumps(set, stats)
	const jumping = "the states jump between observations: their sizes and rates of change span decades"
	if c.Model.Output == auto {
		c.Model.Output = "identity"
		why := "the times are not spread over decades"
		if spread {
			c.Model.Output, why = "sinh", "the times are spread over decades, and so will be the derivatives"
		}
		if jumps {
			c.Model.Output, why = "sinh", jumping
		}
		chose("model.output", c.Model.Output, why)
	}
	if c.Model.Activation == auto {
		c.Model.Activation = "gelu"
		why := "the outputs are the derivatives themselves"
		if c.Model.Output == "sinh" {
			c.Model.Activation, why = "tanh", "the outputs are derivatives on an asinh scale, on which they have plateaus and steps"
		}
		chose("model.activation", c.Model.Activation, why)
	}
	if len(c.Model.Hidden) == 0 {
		width, depth := min(max(10, learned), 32), 3
		why := fmt.Sprintf("%d states that vary", learned)
		if c.Model.Output == "sinh" {
			depth = 4
			why += ", and derivatives that span decades"
		}
		if few := 3; spread && learned <= few && len(set.Trajectories) == 1 {
			width = 8
			why += ", one trajectory"
		}
		if learned > manyStates && c.Train.Recipe == "least-squares" {
			width, depth = 10, 3
			why = fmt.Sprintf("%d states that vary: the work grows with the square of the number of parameters", learned)
		}
		c.Model.Hidden = slices.Repeat([]int{width}, depth)
		chose("model.hidden", strings.ReplaceAll(fmt.Sprint(c.Model.Hidden), " ", ", "), why)
	}
	if c.Model.Input == auto {
		c.Model.Input = "linear"
		why := "inputs of size one are learned from more easily"
		if jumps {
			c.Model.Input, why = "log", jumping
		}
		chose("model.input", c.Model.Input, why)
	}
	if c.Model.YScale == auto {
		c.Model.YScale = "range"
		why := "max − min, as in the paper's Eq. 13"
		if jumps && c.Model.Output == "sinh" {
			c.Model.YScale, why = "rate", jumping
		}
		chose("model.y_scale", c.Model.YScale, why)
	}
	if c.LeastSquares.Residuals == auto && c.Train.Recipe == "least-squares" {
		c.LeastSquares.Residuals = "relative"
		why := "small values count relative to themselves"
		if jumps {
			c.LeastSquares.Residuals, why = "log", jumping
		}
		chose("least_squares.residuals", c.LeastSquares.Residuals, why)
	}
	if c.Train.Recipe == "least-squares" && c.LeastSquares.Rows == 0 {
		net := nn.MLP{Inputs: len(stats.States), Outputs: learned, Hidden: c.Model.Hidden}
		if rows := affordableRows(set, learned, net.NumParams()); rows > 0 {
			c.LeastSquares.Rows = rows
			chose("least_squares.rows", fmt.Sprint(rows), fmt.Sprintf("of each trajectory; %d rows in all would make every iteration long, and say little more", set.Rows()))
		}
	}
	c.resolveConstraints(set, stats, chose)
	if c.Constraints.Kind == "dae" && strings.EqualFold(c.Solver.Method, auto) {
		c.Solver.Method = ode.Rodas5P.Info().Name
		chose("solver.method", c.Solver.Method, "it keeps algebraic equations")
	}
	if strings.EqualFold(c.Solver.Method, auto) {
		c.Solver.Method = ode.AutoTsit5Rosenbrock23.Info().Name
		why := "it switches to an implicit method where the model is stiff"
		if c.Train.Recipe == "least-squares" {
			c.Solver.Method = ode.Rodas5P.Info().Name
			why = "few steps at tight tolerances"
		}
		chose("solver.method", c.Solver.Method, why)
	}
	if m, err := ode.MethodByName(c.Solver.Method); err == nil {
		c.Solver.Method = m.Info().Name
	}
	return out
}
