package train

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stiffnode/stiffnode/data"
)

// A logger's 10 000 rows of a damped turn, with errors of a hundredth, are learned to the size of the errors.
func TestLogOfTenThousandRowsIsLearned(t *testing.T) {
	if os.Getenv("STIFFNODE_TEST") != "long" {
		t.Skip("set STIFFNODE_TEST=long for a training of half a minute")
	}
	rng := rand.New(rand.NewPCG(10, 1))
	tr := data.Trajectory{}
	for i := range 10_001 {
		at := 0.2 * float64(i)
		size := math.Exp(-0.001 * at)
		tr.Times = append(tr.Times, at)
		tr.Values = append(tr.Values, size*math.Cos(0.05*at)+0.01*rng.NormFloat64(), -size*math.Sin(0.05*at)+0.01*rng.NormFloat64())
	}
	set := &data.Set{States: []string{"x", "y"}, Trajectories: []data.Trajectory{tr}}
	cfg := Default()
	cfg.Train.Seed = 1
	cfg.Resolve(set)
	run, err := New(cfg, set)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	res, err := run.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if res.Verdict == nil || res.Verdict.Grade != Learned {
		t.Errorf("verdict %v", res.Verdict)
	}
}
