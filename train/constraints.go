package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
)

// ConstraintsConfig says what the model keeps, and how.
type ConstraintsConfig struct {
	Kind      string   `toml:"kind" comment:"none; projection: the vector field satisfies the laws; dae: some states are solved for from them"`
	Laws      []string `toml:"laws" comment:"such as \"A + B + 2*C\", for dae with = constant; auto: those that the data show"`
	Algebraic []string `toml:"algebraic" comment:"states that dae solves for; empty: the largest of every law"`
	Equation  string   `toml:"equation" comment:"for dae, instead of laws: the name of an equation that a Go program has registered"`

	NonNegative []string `toml:"non_negative" comment:"states that never become negative, whatever the kind; auto: those that never are in the data"`
}

func (c *ConstraintsConfig) problems(bad func(key, format string, args ...any)) {
	switch {
	case c.Kind == "none" && len(c.Laws) > 0:
		bad("constraints.laws", "are given but not used: set kind to projection or dae")
	case c.Kind == "projection" && len(c.Laws) == 0:
		bad("constraints.laws", "is empty; give laws, or auto")
	case c.Kind == "dae" && len(c.Laws) == 0 && c.Equation == "":
		bad("constraints.laws", "is empty; give laws, or auto, or the name of an equation")
	case c.Equation != "" && len(c.Laws) > 0:
		bad("constraints.equation", "and laws exclude each other")
	}
	if c.Kind != "dae" {
		if len(c.Algebraic) > 0 {
			bad("constraints.algebraic", "has a meaning for the kind dae only")
		}
		if c.Equation != "" {
			bad("constraints.equation", "has a meaning for the kind dae only")
		}
	}
	if c.Equation != "" {
		if !slices.Contains(model.Equations(), c.Equation) {
			bad("constraints.equation", "%q is not registered; there are %v (see model.RegisterEquation)", c.Equation, model.Equations())
		}
		if len(c.Algebraic) == 0 {
			bad("constraints.algebraic", "is empty; name the states that the equation is solved for")
		}
	}
	if i := slices.Index(c.Laws, auto); i >= 0 && len(c.Laws) > 1 {
		bad("constraints.laws", "auto stands alone")
	}
	if i := slices.Index(c.NonNegative, auto); i >= 0 && len(c.NonNegative) > 1 {
		bad("constraints.non_negative", "auto stands alone")
	}
}

// resolveConstraints replaces auto by the laws that the data show and chooses algebraic states; what it cannot do is left to newTask to refuse.
func (c *Config) resolveConstraints(set *data.Set, stats *data.Stats, chose func(key, value, why string)) {
	k := &c.Constraints
	defer c.resolveNonNegative(set, stats, chose)
	if k.Kind == "none" {
		return
	}
	if slices.Equal(k.Laws, []string{auto}) {
		var laws []string
		for _, v := range set.Invariants() {
			laws = append(laws, model.Law{Weights: v.Weights}.Format(set.States))
			chose("constraints.laws", laws[len(laws)-1], fmt.Sprintf("the data keep it to %.1g", v.Violation))
		}
		if len(laws) > 0 {
			k.Laws = laws
		}
	}
	if k.Kind != "dae" || k.Equation != "" {
		return
	}
	taken := slices.Clone(k.Algebraic)
	k.Laws = slices.Clone(k.Laws) // which another configuration may share
	for i, text := range k.Laws {
		law, err := model.ParseLaw(text, set.States)
		if err != nil {
			continue
		}
		if law.Total == nil {
			if total, ok := commonTotal(set, stats, law.Weights); ok {
				law.Total = &total
				k.Laws[i] = law.Format(set.States)
				chose("constraints.laws", k.Laws[i], "the constant of the initial states")
			}
		}
		if len(taken) < len(k.Laws) {
			if s := largest(law, set, stats, taken); s != "" {
				taken = append(taken, s)
			}
		}
	}
	k.Algebraic = taken
	chose("constraints.algebraic", strings.Join(k.Algebraic, ", "), "the states that are solved for")
}

// largest is the state with the largest part in a law among those that are not taken: it bears the small errors of the others best.
func largest(law model.Law, set *data.Set, stats *data.Stats, taken []string) string {
	best, name := 0.0, ""
	scale := stats.Scale(data.ScaleMax)
	for i, w := range law.Weights {
		if size := math.Abs(w) * scale[i]; size > best && !stats.States[i].Steady && !slices.Contains(taken, set.States[i]) {
			best, name = size, set.States[i]
		}
	}
	return name
}

// resolution is how well the data know Σ wᵢ yᵢ: to their rounding, or to several standard deviations of their noise.
func resolution(stats *data.Stats, w []float64) float64 {
	noise, size := 0.0, 0.0
	for i, c := range w {
		if c != 0 {
			noise = math.Hypot(noise, c*stats.States[i].Noise)
			size += math.Abs(c) * max(math.Abs(stats.States[i].Min), math.Abs(stats.States[i].Max))
		}
	}
	return max(1e-9*size, 6*noise)
}

// commonTotal is the value of a combination that all initial states share.
func commonTotal(set *data.Set, stats *data.Stats, w []float64) (float64, bool) {
	lo, hi := math.Inf(1), math.Inf(-1)
	k := len(set.States)
	for i := range set.Trajectories {
		v := model.Law{Weights: w}.Value(set.Trajectories[i].Row(0, k))
		lo, hi = min(lo, v), max(hi, v)
		if math.IsNaN(v) {
			return 0, false
		}
	}
	if hi == lo {
		return lo, true
	}
	return (lo + hi) / 2, hi-lo <= resolution(stats, w)
}

// constrain makes a right-hand side that keeps what the configuration says of a scaled neural ODE's description.
func constrain(cfg *Config, c model.ScaledConfig, set *data.Set, stats *data.Stats) (model.RHS, []string, error) {
	k := cfg.Constraints
	notes, err := markNonNegative(cfg, c.States, set, stats)
	if err != nil {
		return nil, nil, err
	}
	if k.Kind == "none" {
		rhs, err := model.NewScaled(c)
		if found := set.Invariants(); err == nil && len(found) > 0 {
			var laws []string
			for _, v := range found {
				law := model.Law{Weights: v.Weights}.Format(set.States)
				notes = append(notes, fmt.Sprintf("%s is constant to %.1g in the data", law, v.Violation))
				laws = append(laws, fmt.Sprintf("%q", law))
			}
			notes = append(notes, fmt.Sprintf("the model does not keep this by itself; to make it, write in the section [constraints]: kind = \"projection\", laws = [%s]", strings.Join(laws, ", ")))
		}
		return rhs, notes, err
	}
	if slices.Contains(k.Laws, auto) {
		_, why := set.FindInvariants()
		return nil, nil, refuseConstraint("laws", "auto finds no law in the data: %s; or give the laws, or set kind to none", why)
	}
	var laws []model.Law
	for _, text := range k.Laws {
		law, err := model.ParseLaw(text, set.States)
		if err != nil {
			return nil, nil, refuseConstraint("laws", "%v", err)
		}
		if k.Kind == "dae" && law.Total == nil {
			return nil, nil, refuseConstraint("laws", "%q has another constant in every trajectory, or one that is not known, so that it is not one algebraic equation: use the kind projection, which keeps what every trajectory begins with", text)
		}
		if note := violationNote(k.Kind, set, stats, law); note != "" {
			notes = append(notes, note)
		}
		if note := totalNote(k.Kind, set, stats, law); note != "" {
			notes = append(notes, note)
		}
		laws = append(laws, law)
	}
	if k.Kind == "projection" {
		inner, err := model.NewScaled(c)
		if err != nil {
			return nil, nil, err
		}
		rhs, err := model.NewProjected(inner, laws)
		if err != nil {
			return nil, nil, refuseConstraint("laws", "%v", err)
		}
		return rhs, notes, nil
	}
	for _, name := range k.Algebraic {
		i := set.Index(name)
		switch {
		case i < 0:
			return nil, nil, refuseConstraint("algebraic", "%q is not a state; there are %s", name, strings.Join(set.States, ", "))
		case c.States[i].Role != model.Learned:
			return nil, nil, refuseConstraint("algebraic", "%q is named twice, or constant in the data: it cannot be solved for", name)
		}
		c.States[i].Role = model.Algebraic
	}
	inner, err := model.NewAlgebraic(c)
	if err != nil {
		return nil, nil, refuseConstraint("algebraic", "%v", err)
	}
	var rhs *model.DAE
	if k.Equation != "" {
		if rhs, err = model.NewEquationDAE(inner, k.Equation); err != nil {
			return nil, nil, refuseConstraint("equation", "%v", err)
		}
		said, err := checkEquation(cfg, rhs, set, stats)
		if err != nil {
			return nil, nil, err
		}
		notes = append(notes, said...)
	} else {
		rhs, err = model.NewLawDAE(inner, laws)
	}
	if err != nil {
		return nil, nil, refuseConstraint("laws", "%v", err)
	}
	if m, err := ode.MethodByName(cfg.Solver.Method); err == nil {
		if _, err := ode.NewSolver(rhs.Problem(), ode.Options{Method: m}); err != nil {
			return nil, nil, &ConfigError{Problems: []ConfigProblem{{Key: "solver.method", Msg: fmt.Sprintf("cannot solve a differential-algebraic model: %v; Rodas5P, Radau and BDF can", err)}}}
		}
	}
	return rhs, notes, nil
}

// totalNote says that the constant of a law has no part in a projection, where the data begin with another; "" if it makes no difference.
func totalNote(kind string, set *data.Set, stats *data.Stats, law model.Law) string {
	if kind != "projection" || law.Total == nil {
		return ""
	}
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		is := law.Value(tr.Row(0, len(set.States)))
		if math.Abs(is-*law.Total) > resolution(stats, law.Weights) {
			left := model.Law{Weights: law.Weights}.Format(set.States)
			return fmt.Sprintf("%s is %.6g in the initial row%s and not %.6g: the kind projection keeps %.6g, what the trajectory begins with, and takes no notice of the constant %.6g; "+
				"leave it out, or set kind to dae to hold the model to it", left, is, of(tr), *law.Total, is, *law.Total)
		}
	}
	return ""
}

// violationNote says where data contradict what a model of the kind keeps of a law, "" if they do not beyond what they resolve.
func violationNote(kind string, set *data.Set, stats *data.Stats, law model.Law) string {
	v := set.Violation(law.Weights)
	if law.Total != nil && kind == "dae" {
		v = set.ViolationOf(law.Weights, *law.Total)
	}
	if v.Amount <= resolution(stats, law.Weights) {
		return ""
	}
	tr := &set.Trajectories[v.Trajectory]
	row := tr.Row(v.Row, len(set.States))
	state := largest(law, set, stats, nil)
	if state != "" {
		i := set.Index(state)
		want := law.Value(tr.Row(0, len(set.States)))
		if law.Total != nil && kind == "dae" {
			want = *law.Total
		}
		w := row[i] - (law.Value(row)-want)/law.Weights[i]
		state = fmt.Sprintf(": %s is %.6g there and would have to be %.6g", state, row[i], w)
	}
	return fmt.Sprintf("the data violate %s by up to %.3g (%.2g of its size), at t = %.6g%s%s; the model will keep the law and cannot follow the data there",
		law.Format(set.States), v.Amount, v.Relative, tr.Times[v.Row], of(tr), state)
}
