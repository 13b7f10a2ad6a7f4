package stiffnode_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stiffnode/stiffnode"
	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/train"
)

// decay is a = exp(−t), b = 1 − a.
func decay() *data.Set {
	tr := data.Trajectory{}
	for i := range 15 {
		t := float64(i) / 4
		tr.Times = append(tr.Times, t)
		tr.Values = append(tr.Values, math.Exp(-t), 1-math.Exp(-t))
	}
	return &data.Set{States: []string{"a", "b"}, Trajectories: []data.Trajectory{tr}}
}

// quick leaves out the race of the default configuration.
func quick() *train.Config {
	c := train.Default()
	c.Train.Recipe = "first-order"
	c.Starts.Count, c.Train.Epochs, c.Model.Hidden = 1, 400, []int{4}
	return c
}

func TestTrainSaveLoadPredict(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "d.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := decay().WriteCSV(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	epochs := 0
	res, err := stiffnode.Train(ctx, stiffnode.Options{Config: quick(), Seed: 3, Observer: func(train.Record) { epochs++ }}, path)
	if err != nil {
		t.Fatal(err)
	}
	if epochs != 400 || res.Config.Train.Seed != 3 || res.Score.MAE > 0.02 {
		t.Errorf("%d epochs, seed %d, mae %g", epochs, res.Config.Train.Seed, res.Score.MAE)
	}
	again, err := stiffnode.TrainSet(ctx, stiffnode.Options{Config: res.Config}, decay())
	if err != nil {
		t.Fatal(err)
	}
	if again.Score.MAE != res.Score.MAE {
		t.Errorf("the configuration gives mae %g, not %g again", again.Score.MAE, res.Score.MAE)
	}
	file := filepath.Join(dir, "m.safetensors")
	if err := res.Model.Save(file); err != nil {
		t.Fatal(err)
	}
	m, err := stiffnode.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := m.Predict(ctx, []float64{1, 0}, []float64{0, 1, 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0][0] != 1 || math.Abs(rows[1][0]-math.Exp(-1)) > 0.06 {
		t.Errorf("predicted %v", rows)
	}
}

// What data.holdout keeps from training is scored apart.
func TestTrainHoldsOut(t *testing.T) {
	cfg := quick()
	cfg.Data.Holdout = 0.25
	res, err := stiffnode.TrainSet(context.Background(), stiffnode.Options{Config: cfg, Seed: 3}, decay())
	if err != nil {
		t.Fatal(err)
	}
	all, err := stiffnode.TrainSet(context.Background(), stiffnode.Options{Config: quick(), Seed: 3}, decay())
	if err != nil {
		t.Fatal(err)
	}
	if all.HeldOut != nil || all.Score.MAE == res.Score.MAE {
		t.Errorf("without a holdout: held out %v, mae %g, with one %g", all.HeldOut, all.Score.MAE, res.Score.MAE)
	}
	if res.HeldOut == nil || res.HeldOut.MAE == res.Score.MAE || !(res.HeldOut.MAE < 0.05) {
		t.Errorf("held out: %+v, trained on: %+v", res.HeldOut, res.Score)
	}
}

func TestCancelledTrainingGivesWhatThereIs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	res, err := stiffnode.TrainSet(ctx, stiffnode.Options{Config: quick(), Observer: func(r train.Record) {
		if r.Epoch == 5 {
			cancel()
		}
	}}, decay())
	if !errors.Is(err, context.Canceled) || res == nil || res.Model == nil {
		t.Errorf("%+v, %v", res, err)
	}
	if res, err := stiffnode.TrainSet(ctx, stiffnode.Options{}, decay()); !errors.Is(err, context.Canceled) || res != nil {
		t.Errorf("%+v, %v", res, err)
	}
	var bad *data.Error
	if _, err := stiffnode.Train(context.Background(), stiffnode.Options{}, "nowhere.csv"); !errors.As(err, &bad) {
		t.Error(err)
	}
}

func ExampleTrainSet() {
	set := decay() // a = exp(−t), b = 1 − a at 15 times
	cfg := train.Default()
	res, err := stiffnode.TrainSet(context.Background(), stiffnode.Options{Config: cfg}, set)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := res.Model.Predict(context.Background(), []float64{1, 0}, []float64{1, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(rows), res.Score.MAE < 0.05)
	// Output: 2 true
}
