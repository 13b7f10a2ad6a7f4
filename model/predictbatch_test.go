package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// batchModel is a model of random parameters whose states stay within bounds for a while.
func batchModel(rhs RHS, states []State, seed uint64) *Model {
	m := &Model{States: states, TimeName: "t", RHS: rhs, Params: make([]float64, rhs.NumParams()), Solver: Solver{Method: "auto", RTol: 1e-4}, Span: Span{T1: 1, First: 0.1}}
	rhs.Init(m.Params, nn.GlorotNormal, seed)
	return m
}

func starts(m *Model, n int, seed uint64) []ode.Trajectory {
	rng := rand.New(rand.NewPCG(seed, 11))
	scale := m.RHS.Problem().Scale
	batch := make([]ode.Trajectory, n)
	for i := range batch {
		for _, s := range scale {
			batch[i].Y0 = append(batch[i].Y0, s*rng.Float64())
		}
		batch[i].T0 = 0.1 * rng.Float64()
		batch[i].Times = []float64{0.1, 0.3 + 0.2*rng.Float64(), 0.7}
	}
	return batch
}

func predict(t *testing.T, m *Model, batch []ode.Trajectory, o BatchOptions) []ode.Trajectory {
	t.Helper()
	batch = slices.Clone(batch)
	for i := range batch {
		batch[i].Y = nil
	}
	if err := m.PredictBatch(context.Background(), batch, o); err != nil {
		t.Fatal(err)
	}
	return batch
}

// Lanes give what solving one at a time gives: for every activation, input, role and time input.
func TestPredictBatchIsPredict(t *testing.T) {
	cases := map[string]*Model{}
	for name, s := range variants(t) {
		cases[name] = batchModel(s, s.cfg.States, 3)
	}
	for _, name := range nn.ActivationNames() {
		a, err := nn.ParseActivation(name)
		if err != nil {
			t.Fatal(err)
		}
		c := constrainedConfig(3, nil)
		c.Activation, c.OutputActivation = a, nn.Identity
		s, err := NewScaled(c)
		if err != nil {
			t.Fatal(err)
		}
		cases["activation "+name] = batchModel(s, c.States, 5)
	}
	for name, m := range cases {
		opt := ode.Options{RTol: 1e-7}
		batch := starts(m, 40, 1)
		lanes := predict(t, m, batch, BatchOptions{Options: &opt})
		one := predict(t, m, batch, BatchOptions{Options: &opt, OneByOne: true})
		scale := m.RHS.Problem().Scale
		for i := range batch {
			if lanes[i].Err != nil || one[i].Err != nil {
				t.Fatalf("%s, trajectory %d: %v in lanes, %v alone", name, i, lanes[i].Err, one[i].Err)
			}
			if len(lanes[i].Y) != len(one[i].Y) {
				t.Fatalf("%s: %d and %d values", name, len(lanes[i].Y), len(one[i].Y))
			}
			for j, v := range lanes[i].Y {
				s := scale[j%len(scale)] + math.Abs(v)
				if d := math.Abs(v - one[i].Y[j]); !(d <= 2e-5*s) {
					t.Errorf("%s, trajectory %d, value %d: %g in lanes, %g alone", name, i, j, v, one[i].Y[j])
				}
			}
		}
	}
}

// The number of workers changes no bit, and lanes are what was used.
func TestPredictBatchWorkers(t *testing.T) {
	c := constrainedConfig(3, nil)
	s, err := NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	m := batchModel(s, c.States, 3)
	if b, err := m.newBatchSolver(ode.Options{}, false); err != nil {
		t.Fatal(err)
	} else if _, ok := b.(*ode.LaneSolver); !ok {
		t.Errorf("a scaled neural ODE is solved by %T", b)
	}
	batch := starts(m, 100, 2)
	want := predict(t, m, batch, BatchOptions{Workers: 1})
	for _, workers := range []int{0, 2, 3, 200} {
		got := predict(t, m, batch, BatchOptions{Workers: workers})
		for i := range got {
			if !slices.Equal(got[i].Y, want[i].Y) || got[i].Stats != want[i].Stats {
				t.Fatalf("%d workers change trajectory %d", workers, i)
			}
		}
	}
}

// Models and methods that do not fit in lanes are solved all the same.
func TestPredictBatchWithoutLanes(t *testing.T) {
	c := constrainedConfig(3, nil)
	s, err := NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	law, err := ParseLaw("y1 + y2 + y3", []string{"y1", "y2", "y3"})
	if err != nil {
		t.Fatal(err)
	}
	projected, err := NewProjected(s, []Law{law})
	if err != nil {
		t.Fatal(err)
	}
	bdf := ode.Options{Method: ode.BDF, RTol: 1e-4}
	for name, c := range map[string]struct {
		rhs RHS
		opt *ode.Options
	}{
		"law": {projected, nil},
		"BDF": {s, &bdf},
	} {
		m := batchModel(c.rhs, s.cfg.States, 3)
		batch := starts(m, 10, 3)
		got := predict(t, m, batch, BatchOptions{Options: c.opt})
		for i := range got {
			var p *Predictor
			if c.opt == nil {
				p, err = m.NewPredictor()
			} else {
				p, err = m.NewPredictorWith(*c.opt)
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := p.Predict(context.Background(), batch[i].T0, batch[i].Y0, batch[i].Times)
			if err != nil || !slices.Equal(got[i].Y, want) {
				t.Fatalf("%s, trajectory %d: %v, want %v (%v)", name, i, got[i].Y, want, err)
			}
		}
	}
}

// An impossible trajectory has its own error; a cancelled batch keeps what is finished.
func TestPredictBatchErrors(t *testing.T) {
	c := constrainedConfig(3, nil)
	s, err := NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	m := batchModel(s, c.States, 3)
	for _, oneByOne := range []bool{false, true} {
		batch := starts(m, 30, 4)
		batch[7].Y0 = batch[7].Y0[:2]
		batch[9].Y0[1] = math.NaN()
		batch[11].Times = []float64{1, 0.5, 2}
		got := predict(t, m, batch, BatchOptions{OneByOne: oneByOne})
		for i := range got {
			var input *ode.InputError
			bad := i == 7 || i == 9 || i == 11
			if errors.As(got[i].Err, &input) != bad {
				t.Errorf("one by one %v, trajectory %d: %v", oneByOne, i, got[i].Err)
			}
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		cause := fmt.Errorf("enough")
		cancel(cause)
		batch = starts(m, 30, 4)
		if err := m.PredictBatch(ctx, batch, BatchOptions{OneByOne: oneByOne}); !errors.Is(err, cause) {
			t.Errorf("a cancelled batch: %v", err)
		}
		for i := range batch {
			var f *ode.Failure
			if !errors.As(batch[i].Err, &f) || f.Cause != ode.CauseCanceled {
				t.Fatalf("trajectory %d of a cancelled batch: %v", i, batch[i].Err)
			}
		}
		if err := m.PredictBatch(context.Background(), nil, BatchOptions{OneByOne: oneByOne}); err != nil {
			t.Error(err)
		}
	}
	bad := ode.Options{RTol: -1}
	var input *ode.InputError
	if err := m.PredictBatch(context.Background(), starts(m, 3, 5), BatchOptions{Options: &bad}); !errors.As(err, &input) {
		t.Errorf("a negative tolerance: %v", err)
	}
}
