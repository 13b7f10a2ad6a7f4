package train

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
)

// A network without hidden layers can be dy/dt = −y exactly; the metric of such a model on the exact solution, with a known error added to
// some values, is that error's mean.
func TestEvaluate(t *testing.T) {
	states := []model.State{{Name: "a", Role: model.Learned}, {Name: "gas", Role: model.Constant}}
	rhs, err := model.NewScaled(model.ScaledConfig{States: states, Input: model.Input{Kind: model.InputNone}, YScale: []float64{2, 1}, TScale: 4})
	if err != nil {
		t.Fatal(err)
	}
	m := &model.Model{States: states, TimeName: "t", RHS: rhs, Params: []float64{-2, 0}, Solver: model.Solver{Method: "auto", RTol: 1e-3}}
	set := &data.Set{States: []string{"gas", "a"}}
	tr := data.Trajectory{}
	for i := range 11 {
		x := float64(i) / 2
		v := 3 * math.Exp(-x)
		if i == 4 {
			v += 0.1
		}
		if i == 7 {
			v = math.NaN()
		}
		tr.Times = append(tr.Times, 1+x)
		tr.Values = append(tr.Values, 5, v)
	}
	set.Trajectories = []data.Trajectory{tr}
	score, predicted, err := Evaluate(context.Background(), m, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	spread := 3 - 3*math.Exp(-5)
	if want := 0.1 / spread / 9; math.Abs(score.MAE-want) > 1e-7 {
		t.Errorf("mae %.10g, want %.10g", score.MAE, want)
	}
	if math.Abs(predicted[0][15]-3*math.Exp(-3.5)) > 1e-7 || predicted[0][14] != 5 {
		t.Errorf("prediction %v", predicted[0][14:16])
	}
	set.States[1] = "b"
	if _, _, err := Evaluate(context.Background(), m, set, nil); err == nil {
		t.Error("states of other names were accepted")
	}
}
