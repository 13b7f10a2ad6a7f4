package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// leastSquares is the default recipe. A race of starts on derivatives estimated from the data (warmStart) is followed by a race of the best
// of them on whole trajectories, by Levenberg–Marquardt, at tolerances that tighten as the residuals fall. Where the winner is not good
// enough, another race is run from other starts, and the best of all wins.
//
// The first epoch of a race is its warm start; each of the others is one iteration of every racer.
type leastSquares struct {
	t          *task
	stages     []stage
	regression *regression
	tolerances []float64
	target     float64 // objective at the noise level; 0: no noise is known

	now, races, raceEpochs int
	racers                 []*racer
	best                   []float64
	bestLevel              int // of tolerances
	bestLoss, bestMAE      float64
	rough                  []float64 // the best start so far, before it was fitted to whole trajectories
	roughLoss              float64   // on whole trajectories; 0: not known
	cut                    []float64 // what a warm start had come to when it was cancelled; no part of the state
	failed                 int
	last                   error // of a solve that failed
	over                   bool
}

// stage is a form of the least-squares problem. The last one is that of whole trajectories; starts that cannot be solved over these, or are
// far off, come to them through segments of growing length (multiple shooting with initial states from the data).
type stage struct {
	curves []curve
	rows   int
}

// The lengths of segments in rows. Where the data have jumps they grow by less: at every length the jumps must still fall between the right rows.
var (
	segmentLengths = []int{1, 3, 8, 20, 50, 120, 300}
	jumpLengths    = []int{1, 2, 4, 7, 12, 20, 30, 45, 65, 100, 150, 225, 340, 500}
)

// The loosest tolerance.
const (
	loosestTolerance     = 1e-3
	loosestJumpTolerance = 1e-5
)

// noiseSlack is for the error of the noise level, which some dozens of observations tell to about a tenth: a level that is too low would never be
// reached, and the noise be fitted.
const noiseSlack = 1.15

// farOff is the mean scaled error from which on a start is taken through segments.
const farOff = 0.02

// largestJacobian bounds the Jacobian's elements; every racer holds three such arrays.
const largestJacobian = 50_000_000

// manyTrajectories is the number of trajectories from which on some may be left out of the residuals so that the Jacobian keeps that bound.
const manyTrajectories = 20

// everyTrajectory is n where every n-th trajectory has residuals.
func (t *task) everyTrajectory() int {
	const perRow = 2 // one of the data, one between
	elements := perRow * t.observations() * t.total
	return max(1, min((elements+largestJacobian-1)/largestJacobian, len(t.trajectories)/manyTrajectories))
}

// observations is the number of values that count in the loss.
func (t *task) observations() int {
	n := 0
	for i := range t.trajectories {
		for _, w := range t.trajectories[i].weights {
			if w > 0 {
				n++
			}
		}
	}
	return n
}

// tooLarge refuses a Jacobian that memory would not hold.
func (t *task) tooLarge(rows int) error {
	if rows*t.total <= largestJacobian {
		return nil
	}
	return &ConfigError{Problems: []ConfigProblem{{Key: "train.recipe", Msg: fmt.Sprintf(
		"least-squares would hold a Jacobian of %d residuals by %d parameters; train with recipe first-order, with a smaller model.hidden or with fewer least_squares.rows", rows, t.total)}}}
}

func (l *leastSquares) whole() *stage { return &l.stages[len(l.stages)-1] }

func newLeastSquares(t *task) (recipe, error) {
	// what is too large is refused before anything is made of it
	if err := t.tooLarge(t.observations() / t.everyTrajectory()); err != nil {
		return nil, err
	}
	l := &leastSquares{t: t, regression: newRegression(t), best: make([]float64, t.total), bestLoss: math.Inf(1), bestMAE: math.Inf(1)}
	longest := 0
	for i := range t.trajectories {
		longest = max(longest, len(t.trajectories[i].times))
	}
	lengths, loosest := segmentLengths, loosestTolerance
	if t.jumps {
		lengths, loosest = jumpLengths, loosestJumpTolerance
	}
	for _, n := range lengths {
		if 4*n >= 3*longest {
			break
		}
		if c, rows := newCurves(t, n); len(c) > len(t.trajectories)/t.everyTrajectory() && rows > 0 {
			l.stages = append(l.stages, stage{c, rows})
		}
	}
	c, rows := newCurves(t, 0)
	l.stages = append(l.stages, stage{c, rows})
	for tol := loosest; tol > t.cfg.Solver.RTol*1.001; tol /= 10 {
		l.tolerances = append(l.tolerances, tol)
	}
	l.tolerances = append(l.tolerances, t.cfg.Solver.RTol)
	if err := t.tooLarge(rows); err != nil {
		return nil, err
	}
	l.target = noiseSlack * l.noiseLevel()
	return l, nil
}

// noiseLevel is the objective that measurement errors alone amount to, where all states that count carry some.
func (l *leastSquares) noiseLevel() float64 {
	k, sum := len(l.t.states), 0.0
	curves := l.whole().curves
	for i := range curves {
		for v, f := range curves[i].factor {
			if f == 0 || !curves[i].real[v/k] {
				continue
			}
			sd := l.t.stats.States[v%k].Noise
			if sd == 0 {
				return 0
			}
			sum += f * f * sd * sd
		}
	}
	return sum / 2
}

func (l *leastSquares) Close() {}

func (l *leastSquares) epochs() int   { return l.t.cfg.Train.Epochs }
func (l *leastSquares) done() bool    { return l.over || l.now >= l.epochs() }
func (l *leastSquares) failures() int { return l.failed + l.racing() }

func (l *leastSquares) racing() int {
	n := 0
	for _, r := range l.racers {
		n += r.lost + r.lm.Report().Failed
	}
	return n
}

func (l *leastSquares) result() ([]float64, float64) {
	if l.bestLoss-l.bestLoss == 0 {
		return l.best, l.bestLoss
	}
	if d := l.leader(); d != nil { // interrupted in the segments
		return d.params(), d.loss
	}
	for _, theta := range [][]float64{l.rough, l.cut} {
		if theta != nil {
			return theta, math.NaN()
		}
	}
	theta := make([]float64, l.t.total)
	l.t.start(theta, l.t.cfg.Train.Seed)
	return theta, math.NaN()
}

func (l *leastSquares) others() (out []fitted) {
	racers := slices.Clone(l.racers)
	slices.SortStableFunc(racers, compare)
	for _, r := range racers {
		out = append(out, fitted{r.params(), r.loss})
	}
	if l.rough != nil {
		out = append(out, fitted{l.rough, 2 * l.roughLoss / float64(l.whole().rows)})
	}
	return out
}

func (l *leastSquares) current() (theta, gradient []float64) {
	o, err := newObjective(l.t, 1)
	if err != nil {
		return l.best, make([]float64, l.t.total)
	}
	defer o.Close()
	o.full()
	e := evaluation{grad: make([]float64, l.t.total)}
	_ = o.evaluate(context.Background(), [][]float64{l.best}, []*evaluation{&e})
	return l.best, e.grad
}

func (l *leastSquares) epoch(ctx context.Context) (Record, error) {
	before := l.failures()
	if len(l.racers) == 0 {
		if err := l.begin(ctx); err != nil {
			return Record{}, err
		}
	} else if err := l.advance(ctx); err != nil {
		return Record{}, err
	}
	r := l.record()
	r.Failures = l.failures() - before
	l.prune()
	if l.over && l.bestLoss-l.bestLoss != 0 {
		return Record{}, &FailedError{Epoch: l.now, Failures: l.failures(), Err: l.last, Advice: l.advice()}
	}
	l.now++
	return r, nil
}

// begin runs a warm start and makes its best starts racers.
func (l *leastSquares) begin(ctx context.Context) error {
	starts, failed, last, err := l.warmStart(ctx, l.races)
	if err != nil {
		return err
	}
	l.failed += failed
	l.races++
	l.raceEpochs = 0
	first := len(l.stages) - 1
	near := slices.IndexFunc(starts, func(c *candidate) bool { return math.IsInf(c.loss, 1) || c.mae > farOff })
	switch {
	case near < 0:
	case near > 0:
		starts = starts[:near]
	default:
		first = 0 // none is near: all go through segments
	}
	if first > 0 || len(l.stages) == 1 {
		starts = starts[:min(len(starts), l.t.cfg.LeastSquares.Racers)]
	}
	for _, c := range starts {
		r, err := l.newRacer(c.theta, first)
		if err != nil {
			return err
		}
		if err := r.lm.Evaluate(ctx); err != nil {
			if err := context.Cause(ctx); err != nil {
				l.racers = nil
				l.races--
				l.failed -= failed
				return err
			}
			failed++
			l.failed++
			last = err
			continue
		}
		r.measure()
		l.racers = append(l.racers, r)
	}
	if last != nil {
		l.last = last
	}
	if len(l.racers) == 0 {
		l.over = l.races >= l.t.cfg.LeastSquares.Races
	}
	return nil
}

// advice is for a run in which no start could be solved.
func (l *leastSquares) advice() string {
	c := l.t.cfg
	return fmt.Sprintf("none of the starts could be solved with rtol %g in %d steps; try a larger solver.max_steps, another model.output (%s now) or model.input (%s now), "+
		"more least_squares.starts (%d now), or another train.seed", l.tolerances[0], c.Solver.MaxSteps, c.Model.Output, c.Model.Input, c.LeastSquares.Starts)
}

// advance makes one iteration of every racer. After a cancellation all are where they were before.
func (l *leastSquares) advance(ctx context.Context) error {
	saved, err := l.saveRacers()
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	errs := make([]error, len(l.racers))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, r := range l.racers {
		if r.done {
			continue
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			errs[i] = r.step(ctx, l)
			<-slots
		}()
	}
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return errors.Join(l.restoreRacers(saved), err)
	}
	l.raceEpochs++
	return errors.Join(errs...)
}

// leader is the racer with the least objective.
func (l *leastSquares) leader() *racer {
	if len(l.racers) == 0 {
		return nil
	}
	return slices.MinFunc(l.racers, compare)
}

func (l *leastSquares) record() Record {
	r := Record{Epoch: l.now, Loss: l.bestLoss, MAE: l.bestMAE}
	d := l.leader()
	if d == nil || d.broken {
		return r
	}
	better := d.loss < l.bestLoss
	if l.t.cfg.Loss.Kind != "mse" || l.t.jumps { // where jumps are misplaced, the loss says little
		better = d.mae < l.bestMAE
	}
	// What a loose tolerance shows may be the solver's doing: what is seen at the tightest takes precedence.
	tightest := len(l.tolerances) - 1
	if d.level == tightest != (l.bestLevel == tightest) {
		better = d.level == tightest
	}
	if d.stage == len(l.stages)-1 && better {
		d.lm.Params(l.best)
		l.bestLoss, l.bestMAE, l.bestLevel = d.loss, d.mae, d.level
	}
	r.Loss, r.MAE, r.GradientNorm = d.loss, d.mae, d.lm.Report().GradientNorm
	return r
}

// rounds are the epochs of a race after which half of the racers drop out.
var rounds = []int{8, 16}

// goodEnough is the mean scaled error on the data below which no other race is run, for problems of up to affordable elements in the
// Jacobian of the residuals. It grows with that number, as does the time of a race.
//
// Where the data have jumps, it is that at which these are in the right places: how they look is not known.
const (
	goodEnough      = 5e-5
	goodEnoughJumps = 5e-3
	affordable      = 150_000
)

// isGoodEnough says whether a mean scaled error on the data is that of a model which no other start need better.
func (l *leastSquares) isGoodEnough(mae float64) bool {
	if l.t.jumps {
		return mae <= goodEnoughJumps
	}
	return mae <= goodEnough*max(1, float64(l.whole().rows)*float64(l.t.total)/affordable)
}

func (l *leastSquares) prune() {
	keep := len(l.racers)
	if slices.Contains(rounds, l.raceEpochs) && keep > 1 {
		keep = (keep + 1) / 2
	}
	slices.SortStableFunc(l.racers, compare)
	for _, r := range l.racers[keep:] {
		l.failed += r.lost + r.lm.Report().Failed
	}
	l.racers = l.racers[:keep]
	for _, r := range l.racers {
		if !r.done {
			return
		}
	}
	if len(l.racers) > 0 {
		l.failed += l.racing()
		l.racers = nil
	}
	enough := l.target > 0 && l.bestLoss*float64(l.whole().rows)/2 <= l.target || l.isGoodEnough(l.bestMAE)
	if enough || l.races >= l.t.cfg.LeastSquares.Races {
		l.over = true
	}
}
