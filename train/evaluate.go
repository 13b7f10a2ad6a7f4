package train

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
)

// Tolerances at which a model is judged: rtol, and atol in units of the size of each state.
const (
	evaluationRTol = 1e-8
	evaluationATol = 1e-11
)

// EvaluationOptions are the solver's options at which a model is judged, whatever it was trained at.
func EvaluationOptions(m *model.Model) ode.Options {
	scale := m.RHS.Problem().Scale
	atol := make([]float64, len(scale))
	for i, s := range scale {
		atol[i] = evaluationATol * s
	}
	return ode.Options{Method: ode.Rodas5P, RTol: evaluationRTol, ATol: atol, MaxSteps: 2_000_000}
}

// Evaluate solves the model for every trajectory of a set, from its initial row, and measures how far it is from the data. The set's states
// must be the model's, in any order. initial replaces missing initial values, one slice per trajectory; nil, or NaN, means that
// the first observed value of the state stands for it. It returns the predictions in the set's order, one slice per trajectory.
func Evaluate(ctx context.Context, m *model.Model, set *data.Set, initial [][]float64) (*data.Score, [][]float64, error) {
	order, err := matchStates(m, set)
	if err != nil {
		return nil, nil, err
	}
	p, err := m.NewPredictorWith(EvaluationOptions(m))
	if err != nil {
		return nil, nil, err
	}
	k := len(order)
	predicted := make([][]float64, len(set.Trajectories))
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		y0 := make([]float64, k)
		for j, to := range order {
			v := tr.Values[j]
			if math.IsNaN(v) && initial != nil && initial[i] != nil {
				v = initial[i][j]
			}
			for r := 1; math.IsNaN(v) && r < len(tr.Times); r++ {
				v = tr.Values[r*k+j]
			}
			if math.IsNaN(v) {
				return nil, nil, &data.Error{Column: set.States[j], Msg: fmt.Sprintf("no initial value of trajectory %q is known", tr.Name), Remedy: "give one in its first row"}
			}
			y0[to] = v
		}
		y, err := p.Predict(ctx, tr.Times[0], y0, tr.Times)
		if err != nil {
			if tr.Name != "" {
				err = fmt.Errorf("trajectory %s: %w", tr.Name, err)
			}
			return nil, nil, err
		}
		out := make([]float64, len(y))
		for r := range tr.Times {
			for j, from := range order {
				out[r*k+j] = y[r*k+from]
			}
		}
		predicted[i] = out
	}
	score, err := data.Evaluate(set, predicted, nil)
	if err != nil {
		return nil, predicted, err
	}
	return score, predicted, nil
}

// matchStates returns for every state of the set its place in the model.
func matchStates(m *model.Model, set *data.Set) ([]int, error) {
	names := m.Names()
	for _, s := range names {
		if set.Index(s) < 0 {
			return nil, &data.Error{Msg: fmt.Sprintf("the model's state %s is not in the data", s), Remedy: fmt.Sprintf("the model's states are %v, the data's %v", names, set.States)}
		}
	}
	order := make([]int, len(set.States))
	for j, s := range set.States {
		order[j] = -1
		for i, n := range names {
			if n == s {
				order[j] = i
			}
		}
		if order[j] < 0 {
			return nil, &data.Error{Column: s, Msg: "is not a state of the model", Remedy: "leave the column out with --ignore"}
		}
	}
	return order, nil
}
