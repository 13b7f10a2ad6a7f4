package bench

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

const (
	// coresTrajectories are shared by two cores, coresRTol is the tolerance of their gradients.
	coresTrajectories = 16
	coresRTol         = 1e-6
	// coresFloor and coresReach are how many times as fast two cores must, and should, be as one.
	coresFloor, coresReach = 1.7, 1.95
	// linearLimit bounds the exponents of what must be linear: the number of steps and of trajectories.
	linearLimit = 1.1
)

// Growth measures how the time of a gradient by the discrete adjoint grows with the number of parameters m, states k, steps and trajectories,
// one at a time while the others are held, and how two cores share trajectories.
func Growth(ctx context.Context, during time.Duration) (*Report, error) {
	r := &Report{Title: fmt.Sprintf("Growth of the time of a gradient by the discrete adjoint, %s, %d cores, load average %s", runtime.Version(), runtime.NumCPU(), loadAverage())}
	if err := growthOfSizes(ctx, r, during); err != nil {
		return nil, err
	}
	c, err := loadExample(ctx, "robertson")
	if err != nil {
		return nil, err
	}
	if err := twoCores(ctx, r, c, during); err != nil {
		return nil, err
	}
	return r, nil
}

// loadAverage is what the system says of its load over the last minute.
func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(raw), " ")
	return first
}

// growthAxis is a size that grows.
type growthAxis struct {
	name  string
	sizes []int
	make  func(n int) (c *gradientCase, steps, trajectories int, err error)
	limit float64 // of the exponent; 0 means none
}

var growthAxes = []growthAxis{
	{"parameters m", []int{100, 316, 1000, 3162, 10_000, 31_623, 100_000}, func(n int) (*gradientCase, int, int, error) {
		c, err := costCase(4, []int{widthFor(4, n), widthFor(4, n)}, 1)
		return c, costSteps, 1, err
	}, 0},
	{"states k", []int{4, 8, 16, 32, 64, 128}, func(n int) (*gradientCase, int, int, error) {
		c, err := costCase(n, []int{8}, 1)
		return c, costSteps, 1, err
	}, 0},
	{"steps", []int{16, 32, 64, 128, 256, 512, 1024}, func(n int) (*gradientCase, int, int, error) {
		c, err := costCase(4, []int{8, 8}, 1)
		return c, n, 1, err
	}, linearLimit},
	{"trajectories", []int{1, 2, 4, 8, 16, 32, 64}, func(n int) (*gradientCase, int, int, error) {
		c, err := costCase(4, []int{8, 8}, 1)
		return c, costSteps, n, err
	}, linearLimit},
}

func growthOfSizes(ctx context.Context, r *Report, during time.Duration) error {
	t := Table{Title: "time ∝ size^exponent, over all sizes and over the upper three; processor time of one core, tenth percentile of the repeats", Rows: [][]string{{"over", "solver", "sizes", "ms", "exponent", "upper"}}}
	var row []plots.Panel
	for _, axis := range growthAxes {
		panel := plots.Panel{X: plots.Axis{Label: axis.name, Log: true}, Y: plots.Axis{Label: "time of a gradient [ms]", Log: true}}
		for _, m := range []ode.Method{ode.Rosenbrock23, ode.Rodas5P} {
			var x, y []float64
			times := ""
			for _, n := range axis.sizes {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				c, steps, trajectories, err := axis.make(n)
				if err != nil {
					return err
				}
				seconds, err := c.gradientTime(ctx, c.equalSteps(m, steps), trajectories, during)
				if err != nil {
					return fmt.Errorf("%s = %d by %s: %w", axis.name, n, m.Info().Name, err)
				}
				x, y = append(x, float64(n)), append(y, 1e3*seconds)
				times += milliseconds(seconds) + " "
			}
			all, upper := slope(x, y), slope(x[len(x)-3:], y[len(y)-3:])
			t.Rows = append(t.Rows, []string{axis.name, m.Info().Name, fmt.Sprint(axis.sizes), times, fmt.Sprintf("%.2f", all), fmt.Sprintf("%.2f", upper)})
			panel.Series = append(panel.Series, plots.Series{Name: fmt.Sprintf("%s, exponent %.2f", m.Info().Name, all), X: x, Y: y})
			if axis.limit > 0 {
				r.claim(all <= axis.limit, "time grows with the number of %s to the power %.2f by %s, at most %g", axis.name, all, m.Info().Name, axis.limit)
			}
		}
		row = append(row, panel)
	}
	r.Tables = append(r.Tables, t)
	r.Figures = append(r.Figures, NamedFigure{Name: "growth", Figure: &plots.Figure{Title: "Growth of the time of a gradient", Panels: [][]plots.Panel{row[:2], row[2:]}}})
	return nil
}

// gradientTime is the processor time of the gradients of a number of trajectories: the tenth percentile of the repeats.
func (c *gradientCase) gradientTime(ctx context.Context, opt ode.Options, trajectories int, during time.Duration) (float64, error) {
	ev, err := sens.DiscreteReverse{}.New(sens.Setup{Problem: c.problem, Options: opt})
	if err != nil {
		return 0, err
	}
	var g sens.Gradient
	took, err := timeOf(during, func() error {
		for range trajectories {
			if err := ev.Gradient(ctx, &g, c.params, c.y0, c.t0, c.t1, c.times, c); err != nil {
				return err
			}
		}
		return nil
	})
	return took.low, err
}

// A gradientPool computes the gradients of trajectories as training does: workers, each with its own evaluator, take them one after the other.
type gradientPool struct {
	work []func() error
	next atomic.Int64
	cpu  []float64 // processor time of every worker in the latest run
}

// run computes n gradients by the first workers of the pool and returns the seconds that passed.
func (p *gradientPool) run(workers, n int) (float64, error) {
	p.next.Store(0)
	errs := make([]error, workers)
	var wait sync.WaitGroup
	start := time.Now()
	for w := range workers {
		wait.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			began := threadTime()
			for errs[w] == nil && int(p.next.Add(1)) <= n {
				errs[w] = p.work[w]()
			}
			p.cpu[w] = (threadTime() - began).Seconds()
		})
	}
	wait.Wait()
	took := time.Since(start).Seconds()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// twoCores compares the gradients of coresTrajectories trajectories on one core and on two, in turn, so that both meet the same machine.
func twoCores(ctx context.Context, r *Report, c *exampleCase, during time.Duration) error {
	if runtime.GOMAXPROCS(0) < 2 {
		r.claim(false, "there is only one core: two cannot be measured")
		return nil
	}
	pool := &gradientPool{cpu: make([]float64, 2)}
	for range 2 {
		do, _, err := c.evaluator(coresRTol)
		if err != nil {
			return err
		}
		pool.work = append(pool.work, do)
	}
	var wall [2][]float64
	busy := [2]float64{math.Inf(1), math.Inf(1)} // processor time of the busier worker
	for began := time.Now(); len(wall[1]) < leastRepeats || time.Since(began) < 20*during; {
		for i := range wall {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			took, err := pool.run(i+1, coresTrajectories)
			if err != nil {
				return err
			}
			wall[i] = append(wall[i], took)
			busy[i] = min(busy[i], slices.Max(pool.cpu[:i+1]))
		}
	}
	for i := range wall {
		slices.Sort(wall[i])
	}
	least := wall[0][0] / wall[1][0]
	middle := func(x []float64) float64 { return x[len(x)/2] }
	r.Tables = append(r.Tables, Table{Title: fmt.Sprintf("gradients of %d trajectories of the network trained on Robertson's data, rtol %g, %d repeats in turn", coresTrajectories, coresRTol, len(wall[0])), Rows: [][]string{
		{"", "one core [ms]", "two cores [ms]", "ratio"},
		{"fastest", milliseconds(wall[0][0]), milliseconds(wall[1][0]), fmt.Sprintf("%.2f", least)},
		{"median", milliseconds(middle(wall[0])), milliseconds(middle(wall[1])), fmt.Sprintf("%.2f", middle(wall[0])/middle(wall[1]))},
		{"processor time of the busier core, fastest", milliseconds(busy[0]), milliseconds(busy[1]), fmt.Sprintf("%.2f", busy[0]/busy[1])},
		{"what two cores do of arithmetic in registers, which shares nothing", "", "", fmt.Sprintf("%.2f", coresOfMachine())},
	}})
	r.claim(least >= coresFloor, "two cores are %.2f times as fast as one on %d trajectories, floor %g, to be reached %g (load average now %s)", least, coresTrajectories, coresFloor, coresReach, loadAverage())
	return nil
}

// coresOfMachine is how much more two goroutines do than one of what shares no memory and waits for none: less than 2 where what the system calls cores
// are threads of the same core, or where others use them.
func coresOfMachine() float64 {
	const side, products, trials = 24, 4000, 9
	load := func(done *sync.WaitGroup) {
		defer done.Done()
		a, x, y := make([]float64, side*side), make([]float64, side*side), make([]float64, side*side)
		for range products {
			kernel.MulPanel(y, side, a, side, 1, x, side, side, side, side, nil, nil, nil, 0)
		}
	}
	best := [2]float64{math.Inf(1), math.Inf(1)}
	for range trials {
		for i := range best {
			var done sync.WaitGroup
			began := time.Now()
			for range i + 1 {
				done.Add(1)
				go load(&done)
			}
			done.Wait()
			best[i] = min(best[i], time.Since(began).Seconds())
		}
	}
	return 2 * best[0] / best[1]
}
