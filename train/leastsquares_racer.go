package train

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"

	"github.com/stiffnode/stiffnode/optim"
)

// racer is one start on its way through the trajectories.
type racer struct {
	s     *shooting
	lm    *optim.LevenbergMarquardt
	stage int
	level int       // of tolerances
	trail []float64 // of the objective, in the stage and at the level
	done  bool
	lost  int // failed solves that are no longer in the method's report
	// loss is the mean square of the residuals at the current point, mae the mean of |model − data|/range on the same rows.
	loss, mae float64
	broken    bool // the current point cannot be solved
	// polish is 0, or the size of residuals from which on the final polish takes them by their magnitude rather than squared.
	polish float64
}

// measure brings loss and mae up to date with the method.
func (r *racer) measure() {
	res := make([]float64, r.s.rows)
	r.lm.Residuals(res)
	r.loss, r.mae = 2*sumSquares(res)/float64(r.s.rows), r.s.metric(res)
}

// params is a copy of the current point.
func (r *racer) params() []float64 {
	theta := make([]float64, r.s.t.total)
	r.lm.Params(theta)
	return theta
}

// newRacer starts at θ, at the loosest tolerance; on whole trajectories with jumps at the tightest, since where these fall depends on
// every step before them. Nothing is evaluated yet.
func (l *leastSquares) newRacer(theta []float64, stage int) (*racer, error) {
	g, level := &l.stages[stage], 0
	if l.t.jumps && stage == len(l.stages)-1 {
		level = len(l.tolerances) - 1
	}
	s, err := newShooting(l.t, g.curves, g.rows, runtime.GOMAXPROCS(0), l.tolerances[level])
	if err != nil {
		return nil, err
	}
	var c optim.LMConfig
	if l.t.jumps && stage > 0 {
		c.Loss = optim.Cauchy{Delta: outlier}
	}
	lm, err := optim.NewLevenbergMarquardt(s, theta, c)
	return &racer{s: s, lm: lm, stage: stage, level: level}, err
}

// outlier is the size from which on residuals of data with jumps lose their influence, in segments of more than one row: where a model jumps
// one row too early or too late, the residuals there are as large as the jump, and, linearised, pull in the wrong direction as often as in the
// right one. The many others tell the time of the jump.
const outlier = 0.05

// Progress is what the objective loses, of itself, over trailLength iterations. A model that is good enough must get better faster to go on,
// and one whose error is no more than ample twice as fast.
const (
	trailLength        = 8
	leastProgress      = 0.1
	worthwhileProgress = 0.3
	ampleProgress      = 0.6
	ample              = 1e-5
)

// stalled reports whether the objective no longer falls as it should.
func (r *racer) stalled(progress float64) bool {
	n := len(r.trail)
	return n > trailLength && r.trail[n-1] > (1-progress)*r.trail[n-1-trailLength]
}

// tiniest bounds polish from below.
const tiniest = 1e-12

// setPolish changes to the loss that the configuration asks for.
func (r *racer) setPolish(l *leastSquares, size float64) error {
	r.polish = size
	const corner = 0.1 // of the typical residual: what is smaller is taken squared
	if l.t.cfg.Loss.Kind == "huber" {
		return r.lm.SetLoss(optim.Huber{Delta: l.t.cfg.Loss.HuberDelta})
	}
	return r.lm.SetLoss(optim.Absolute{Floor: corner * size})
}

// step makes one iteration, and tightens the tolerance when the objective no longer falls as it should: when integration errors may
// be what stops it.
func (r *racer) step(ctx context.Context, l *leastSquares) error {
	status, err := r.lm.Iterate(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var start *optim.StartError
	var trials *optim.TrialsError
	if err != nil && !errors.As(err, &start) && !errors.As(err, &trials) {
		return err
	}
	o := r.lm.Report().Objective
	r.measure()
	if r.stage < len(l.stages)-1 {
		return r.grow(ctx, l, o, err == nil && status == optim.Running)
	}
	last := r.level == len(l.tolerances)-1
	reached := l.target > 0 && r.polish == 0 && o <= l.target
	if reached && last && l.t.cfg.Loss.Kind == "mse" {
		r.done = true
		return nil
	}
	r.trail = append(r.trail, o)
	progress := leastProgress
	switch {
	case r.mae <= ample:
		progress = ampleProgress
	case l.isGoodEnough(r.mae):
		progress = worthwhileProgress
	}
	rms := math.Sqrt(r.loss)
	if err == nil && status == optim.Running && !r.stalled(progress) && !reached && (rms > l.tolerances[r.level] || r.polish > 0) {
		return nil
	}
	r.trail = r.trail[:0]
	if last && r.polish == 0 && l.t.cfg.Loss.Kind != "mse" {
		return r.setPolish(l, max(math.Sqrt(r.loss), tiniest))
	}
	if last {
		r.done = true
		return nil
	}
	r.level++
	if reached {
		r.level = len(l.tolerances) - 1 // what is left is to see that the model holds at a tolerance that shows its own solution
	}
	if err := r.s.setTolerance(l.tolerances[r.level]); err != nil {
		return err
	}
	if err := r.lm.Evaluate(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.done, r.broken = true, true
		return nil
	}
	r.measure()
	return nil
}

const (
	segmentIterations = 40
	segmentTarget     = 1e-3 // root mean square of the residuals at which longer segments are taken at once
)

// grow goes on to longer segments where those at hand are fitted as well as they can be in reasonable time.
func (r *racer) grow(ctx context.Context, l *leastSquares, objective float64, running bool) error {
	r.trail = append(r.trail, objective)
	if running && !r.stalled(leastProgress) && len(r.trail) < segmentIterations && math.Sqrt(2*objective/float64(r.s.rows)) > segmentTarget {
		return nil
	}
	next, err := l.newRacer(r.params(), r.stage+1)
	if err != nil {
		return err
	}
	next.lost = r.lost + r.lm.Report().Failed
	if err := next.lm.Evaluate(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		next.lost++
		next.done, next.broken = true, true
		*r = *next
		return nil
	}
	next.measure()
	*r = *next
	return nil
}

// compare ranks racers: those that are further on first, then those with the lesser objective.
func compare(a, b *racer) int {
	if a.broken != b.broken {
		if b.broken {
			return -1
		}
		return 1
	}
	if a.stage != b.stage {
		return cmp.Compare(b.stage, a.stage)
	}
	return cmp.Compare(a.loss, b.loss)
}
