package train

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/optim"
)

// dimer is the equilibrium 0 = K·A² − D of a dimer D with its monomer A, which is consumed: a state that is solved for from a nonlinear equation.
// Its fields spoil one derivative each.
type dimer struct{ first, second float64 }

const dimerK = 0.8

func (dimer) Len() int { return 1 }

func (dimer) Value(dst []float64, _ float64, y []float64) error {
	dst[0] = dimerK*y[0]*y[0] - y[1]
	return nil
}

func (d dimer) Derivatives(dy, dt []float64, _ float64, y []float64) {
	dy[0], dy[1], dt[0] = (2+d.first)*dimerK*y[0], -1, 0
}

func (d dimer) Curvature(dst []float64, _ float64, _, u []float64, _ float64) {
	dst[0], dst[1] = (2+d.second)*dimerK*u[0], 0
}

// product is 0 = A·D − 0.1, whose derivative by D vanishes with A.
type product struct{ dimer }

func (product) Value(dst []float64, _ float64, y []float64) error {
	dst[0] = y[0]*y[1] - 0.1
	return nil
}

func (product) Derivatives(dy, dt []float64, _ float64, y []float64) {
	dy[0], dy[1], dt[0] = y[1], y[0], 0
}

func (product) Curvature(dst []float64, _ float64, _, u []float64, _ float64) {
	dst[0], dst[1] = u[1], u[0]
}

func init() {
	for name, g := range map[string]model.Equation{"dimer": dimer{}, "dimer, wrong slope": dimer{first: 0.01}, "dimer, wrong curvature": dimer{second: 0.01}, "product": product{}} {
		if err := model.RegisterEquation(name, func([]string) (model.Equation, error) { return g, nil }); err != nil {
			panic(err)
		}
	}
}

// dimers is A + 2 D → out: with T = A + 2 K A² the rate is A′ = −A, D = K A².
func dimers(starts ...float64) *data.Set {
	set := &data.Set{States: []string{"A", "D"}, Units: []string{"", ""}, TimeName: "t"}
	for _, a := range starts {
		tr := data.Trajectory{Name: fmt.Sprint(a)}
		for i := range 21 {
			t := float64(i) / 7
			y := a * math.Exp(-t)
			tr.Times = append(tr.Times, t)
			tr.Values = append(tr.Values, y, dimerK*y*y)
		}
		set.Trajectories = append(set.Trajectories, tr)
	}
	return set
}

func dimerConfig(equation string) *Config {
	c := Default()
	c.Model.Hidden, c.Train.Epochs = []int{6}, 40
	c.Constraints = ConstraintsConfig{Kind: "dae", Equation: equation, Algebraic: []string{"D"}}
	return c
}

// The gradient of the loss agrees with differences in every direction, that of an unknown initial value alone included: it moves the algebraic state
// that is made consistent with it.
func TestConstrainedGradients(t *testing.T) {
	unknown := dimers(1, 0.4)
	unknown.Trajectories[0].Values[0] = math.NaN()
	positive := dimerConfig("dimer")
	positive.Constraints = ConstraintsConfig{Kind: "none", NonNegative: []string{auto}}
	law := Default()
	law.Model.Hidden = []int{5}
	law.Constraints = ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + y2 + y3"}, NonNegative: []string{auto}}
	for name, c := range map[string]struct {
		set *data.Set
		cfg *Config
	}{
		"nonlinear equation":    {unknown, dimerConfig("dimer")},
		"non-negative":          {unknown, positive},
		"non-negative and laws": {robertson(t, simulate.Options{Trajectories: 2, Spread: 0.2, Seed: 1}), law},
	} {
		for _, method := range []string{"discrete-reverse", "discrete-forward", "gauss"} {
			c.cfg.Solver.Gradient, c.cfg.Solver.RTol = method, 1e-11
			c.cfg.Solver.MaxSteps = 100_000
			c.cfg.Resolve(c.set)
			k, err := newTask(c.cfg, c.set)
			if err != nil {
				t.Errorf("%s, %s: %v", name, method, err)
				continue
			}
			theta := make([]float64, k.total)
			k.start(theta, 3)
			e := evaluateAt(t, k, theta)
			for trial := range 3 {
				v := make([]float64, k.total)
				for i := range v {
					if trial > 0 || i >= k.params {
						v[i] = math.Sin(float64((trial + 1) * (2*i + 1)))
					}
				}
				const h = 1e-5
				at := func(s float64) float64 {
					x := slices.Clone(theta)
					for i := range x {
						x[i] += s * v[i]
					}
					return evaluateAt(t, k, x).loss
				}
				want, got := (at(h)-at(-h))/(2*h), 0.0
				for i := range v {
					got += e.grad[i] * v[i]
				}
				if math.Abs(got-want) > 2e-5*max(math.Abs(want), optim.Norm(e.grad)) {
					t.Errorf("%s, %s: derivative %.9g, differences %.9g", name, method, got, want)
				}
			}
		}
	}
}

// A nonlinear equation is kept at every time by what both recipes learn, and by estimated initial values too: the algebraic state is made consistent with
// the unknown one at every parameter step.
func TestNonlinearEquation(t *testing.T) {
	for _, recipe := range recipeNames() {
		set := dimers(1, 0.4)
		set.Trajectories[0].Values[0] = math.NaN() // A(0) is estimated; the D(0) that the data have tells the truth
		c, limit := dimerConfig("dimer"), 0.01
		c.Train.Recipe, c.Starts.Count = recipe, 1
		if recipe != "least-squares" {
			c.Train.Epochs, limit = 300, 0.05 // it has not come far by then
		}
		c.Resolve(set)
		res := mustRun(t, mustNew(t, c, set))
		if a := res.Initial[0][0]; recipe == "least-squares" && math.Abs(a-1) > 0.02 {
			t.Errorf("%s: A(0) = %g is estimated, 1 is right", recipe, a)
		}
		score, y, err := Evaluate(t.Context(), res.Model, set, res.Initial)
		if err != nil {
			t.Fatalf("%s: %v", recipe, err)
		}
		if !(score.MAE < limit) {
			t.Errorf("%s: mae %g", recipe, score.MAE)
		}
		for n := range y {
			for i := 0; i < len(y[n]); i += 2 {
				if g := dimerK*y[n][i]*y[n][i] - y[n][i+1]; math.Abs(g) > 1e-7 { // linear equations hold to roundoff, others to the tolerance
					t.Errorf("%s: 0 = %g in row %d of trajectory %d", recipe, g, i/2, n)
				}
			}
		}
	}
}

// Wrong derivatives, an index above 1 and data that violate an equation are told before anything is trained.
func TestEquationIsChecked(t *testing.T) {
	for name, words := range map[string][]string{
		"dimer, wrong slope":     {"derivative of g", "equation 1", "by A", "Derivatives"},
		"dimer, wrong curvature": {"derivative of ∂g/∂y·u", "by A", "Curvature"},
		"product":                {"[D]", "singular", "t = 0", "index above 1"},
	} {
		set := dimers(1)
		if name == "product" {
			set.Trajectories[0].Values[0] = 0
		}
		c := dimerConfig(name)
		c.Resolve(set)
		_, err := New(c, set)
		var e *ConfigError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: no %q in %v", name, w, err)
			}
		}
	}
	set := dimers(1)
	set.Trajectories[0].Values[2*10+1] += 0.05
	c := dimerConfig("dimer")
	c.Resolve(set)
	notes := strings.Join(mustNew(t, c, set).Notes(), "\n")
	for _, w := range []string{"violate the equation dimer", "t = 1.42857", "D is"} {
		if !strings.Contains(notes, w) {
			t.Errorf("no %q in %q", w, notes)
		}
	}
}
