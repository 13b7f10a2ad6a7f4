package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
)

// resolveNonNegative replaces auto by the states that the data never show below zero.
func (c *Config) resolveNonNegative(set *data.Set, stats *data.Stats, chose func(key, value, why string)) {
	k := &c.Constraints
	if !slices.Equal(k.NonNegative, []string{auto}) {
		return
	}
	k.NonNegative = []string{}
	for i, s := range stats.States {
		if !s.Steady && s.Observed > 0 && s.Min >= 0 && !slices.Contains(k.Algebraic, set.States[i]) {
			k.NonNegative = append(k.NonNegative, set.States[i])
		}
	}
	chose("constraints.non_negative", strings.Join(k.NonNegative, ", "), "the data never have them below zero")
}

// markNonNegative marks states that are kept non-negative and says where the data contradict that.
func markNonNegative(cfg *Config, states []model.State, set *data.Set, stats *data.Stats) (notes []string, err error) {
	for _, name := range cfg.Constraints.NonNegative {
		i := set.Index(name)
		if i < 0 {
			return nil, refuseConstraint("non_negative", "%q is not a state; there are %s", name, strings.Join(set.States, ", "))
		}
		states[i].NonNegative = true
		if slices.Contains(cfg.Constraints.Algebraic, name) {
			return nil, refuseConstraint("non_negative", "%s is algebraic: the equations alone determine it, and may make it negative; leave it out here, solve for another state, or use the kind projection, which keeps laws and signs", name)
		}
		if note := belowZero(set, stats, i); note != "" {
			notes = append(notes, note)
		}
	}
	return notes, nil
}

// belowZero says where a state is negative in the data beyond what they resolve, "" if nowhere.
func belowZero(set *data.Set, stats *data.Stats, i int) string {
	k := len(set.States)
	low, place, row := 0.0, 0, 0
	for n := range set.Trajectories {
		tr := &set.Trajectories[n]
		for r := range tr.Times {
			if v := tr.Row(r, k)[i]; v < low {
				low, place, row = v, n, r
			}
		}
	}
	if -low <= max(6*stats.States[i].Noise, 1e-9*stats.Scale(data.ScaleMax)[i]) {
		return ""
	}
	tr := &set.Trajectories[place]
	return fmt.Sprintf("%s is kept non-negative, and the data have it at %.3g at t = %.6g%s; the model cannot follow them there", set.States[i], low, tr.Times[row], of(tr))
}

// of names a trajectory, if it has a name.
func of(tr *data.Trajectory) string {
	if tr.Name == "" {
		return ""
	}
	return " of trajectory " + tr.Name
}

// checkedPoints is the number of points at which derivatives of equations are held to differences.
const checkedPoints = 8

// checkEquation holds the derivatives of a registered equation to differences at some points of the data, and every complete row to the equation.
func checkEquation(cfg *Config, d *model.DAE, set *data.Set, stats *data.Stats) (notes []string, err error) {
	k := len(set.States)
	size := d.Problem().Scale
	var worst struct {
		rel, is, want float64
		state         int
		place         *data.Trajectory
		row           int
	}
	every := max(1, set.Rows()/checkedPoints)
	count := 0
	for n := range set.Trajectories {
		tr := &set.Trajectories[n]
		for r, t := range tr.Times {
			y := tr.Row(r, k)
			if slices.ContainsFunc(y, math.IsNaN) {
				continue
			}
			dz, states, err := d.Correction(t, y)
			if err != nil {
				return nil, refuseConstraint("equation", "%s: %v", cfg.Constraints.Equation, err)
			}
			if count++; count%every == 1 || every == 1 {
				if err := model.CheckEquation(d.Equation(), set.States, t, y, size, stats.TimeScale()); err != nil {
					return nil, refuseConstraint("equation", "%s: %v", cfg.Constraints.Equation, err)
				}
			}
			for j, i := range states {
				limit := max(1e-4*size[i], 6*stats.States[i].Noise)
				if rel := math.Abs(dz[j]) / limit; rel > 1 && rel > worst.rel {
					worst.rel, worst.is, worst.want, worst.state, worst.place, worst.row = rel, y[i], y[i]+dz[j], i, tr, r
				}
			}
		}
	}
	if worst.rel == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("the data violate the equation %s most at t = %.6g%s: %s is %.6g there and would have to be %.6g; the model will keep the equation and cannot follow the data there",
		cfg.Constraints.Equation, worst.place.Times[worst.row], of(worst.place), set.States[worst.state], worst.is, worst.want)}, nil
}

func refuseConstraint(key, format string, args ...any) error {
	return &ConfigError{Problems: []ConfigProblem{{Key: "constraints." + key, Msg: fmt.Sprintf(format, args...)}}}
}
