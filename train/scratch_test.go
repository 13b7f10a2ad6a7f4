package train

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

func problemSet(name string, rtol float64) *data.Set {
	p, _ := problems.ByName(name)
	times := p.Times
	if times[0] != 0 {
		times = append([]float64{0}, times...)
	}
	sol, err := ode.Solve(context.Background(), p.IVP, 0, times[len(times)-1], p.Y0, ode.Options{Method: ode.Rosenbrock23, RTol: rtol, SaveAt: times, MaxSteps: 1 << 30})
	if err != nil {
		panic(err)
	}
	return &data.Set{States: p.IVP.Names, Trajectories: []data.Trajectory{{Times: times, Values: sol.Y}}}
}

func TestScratch(t *testing.T) {
	set := problemSet(os.Getenv("P"), 1e-8)
	cfg := Default()
	if f := os.Getenv("CFG"); f != "" {
		b, _ := os.ReadFile(f)
		if err := cfg.Merge(f, b); err != nil {
			t.Fatal(err)
		}
	}
	a, b := 1, 1
	if s := os.Getenv("SEEDS"); s != "" {
		fmt.Sscanf(s, "%d:%d", &a, &b)
	}
	if s := os.Getenv("EPOCHS"); s != "" {
		cfg.Train.Epochs, _ = strconv.Atoi(s)
	}
	fmt.Println(cfg.Resolve(set))
	for seed := a; seed <= b; seed++ {
		c := *cfg
		c.Train.Seed = uint64(seed)
		tr, err := New(&c, set)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		res, err := tr.Run(context.Background())
		if err != nil {
			fmt.Println("seed", seed, err, len(tr.history))
			continue
		}
		el := time.Since(start)
		mae := -1.0
		if sc, _, err := Evaluate(context.Background(), res.Model, set, res.Initial); err == nil {
			mae = sc.MAE
		} else {
			fmt.Println(err)
		}
		fmt.Printf("seed %d: %.1fs first %.4g best %.4g med1000 %.4g mae %.4g failures %d\n", seed, el.Seconds(), res.History[0].Loss, res.Loss, MedianOfLast(res.History, 1000), mae, res.Failures)
		tr.Close()
	}
}
