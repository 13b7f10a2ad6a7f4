package train

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/stiffnode/stiffnode/optim"
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
	bestLoss, bestMAE      float64
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

// segmentLengths are the lengths of segments in rows.
var segmentLengths = []int{1, 3, 8, 20, 50, 120, 300}

// farOff is the mean scaled error from which on a start is taken through segments.
const farOff = 0.02

func (l *leastSquares) whole() *stage { return &l.stages[len(l.stages)-1] }

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
}

// measure brings loss and mae up to date with the method.
func (r *racer) measure() {
	res := make([]float64, r.s.rows)
	r.lm.Residuals(res)
	r.loss, r.mae = 2*r.lm.Report().Objective/float64(r.s.rows), r.s.metric(res)
}

func newLeastSquares(t *task) (recipe, error) {
	l := &leastSquares{t: t, regression: newRegression(t), best: make([]float64, t.total), bestLoss: math.Inf(1), bestMAE: math.Inf(1)}
	longest := 0
	for i := range t.trajectories {
		longest = max(longest, len(t.trajectories[i].times))
	}
	for _, n := range segmentLengths {
		if c, rows := newCurves(t, n); 4*n < 3*longest && len(c) > len(t.trajectories) && rows > 0 {
			l.stages = append(l.stages, stage{c, rows})
		}
	}
	c, rows := newCurves(t, 0)
	l.stages = append(l.stages, stage{c, rows})
	const loosest = 1e-3
	for tol := loosest; tol > t.cfg.Solver.RTol*1.001; tol /= 10 {
		l.tolerances = append(l.tolerances, tol)
	}
	l.tolerances = append(l.tolerances, t.cfg.Solver.RTol)
	l.target = l.noiseLevel()
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
	if d := l.leader(); d != nil && l.bestLoss-l.bestLoss != 0 { // interrupted in the segments
		theta := make([]float64, l.t.total)
		d.lm.Params(theta)
		return theta, d.loss
	}
	return l.best, l.bestLoss
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

func (l *leastSquares) newRacer(theta []float64, stage int) (*racer, error) {
	g := &l.stages[stage]
	s, err := newShooting(l.t, g.curves, g.rows, runtime.GOMAXPROCS(0), l.tolerances[0])
	if err != nil {
		return nil, err
	}
	lm, err := optim.NewLevenbergMarquardt(s, theta, optim.LMConfig{})
	return &racer{s: s, lm: lm, stage: stage}, err
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

const (
	trailLength   = 8
	leastProgress = 0.1 // of the objective, over trailLength iterations
)

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
	reached := l.target > 0 && o <= l.target
	if reached && last {
		r.done = true
		return nil
	}
	r.trail = append(r.trail, o)
	stalled := len(r.trail) > trailLength && o > (1-leastProgress)*r.trail[len(r.trail)-1-trailLength]
	rms := math.Sqrt(2 * o / float64(l.whole().rows))
	if err == nil && status == optim.Running && !stalled && !reached && rms > l.tolerances[r.level] {
		return nil
	}
	r.trail = r.trail[:0]
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
		r.done = true
	}
	return nil
}

const (
	segmentIterations = 40
	segmentTarget     = 1e-3 // root mean square of the residuals at which longer segments are taken at once
)

// grow goes on to longer segments where those at hand are fitted as well as they can be in reasonable time.
func (r *racer) grow(ctx context.Context, l *leastSquares, objective float64, running bool) error {
	r.trail = append(r.trail, objective)
	n := len(r.trail)
	stalled := n > trailLength && objective > (1-leastProgress)*r.trail[n-1-trailLength]
	if running && !stalled && n < segmentIterations && math.Sqrt(2*objective/float64(r.s.rows)) > segmentTarget {
		return nil
	}
	theta := make([]float64, l.t.total)
	r.lm.Params(theta)
	next, err := l.newRacer(theta, r.stage+1)
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
	if d.stage == len(l.stages)-1 && d.loss < l.bestLoss {
		d.lm.Params(l.best)
		l.bestLoss, l.bestMAE = d.loss, d.mae
	}
	r.Loss, r.MAE, r.GradientNorm = d.loss, d.mae, d.lm.Report().GradientNorm
	return r
}

// rounds are the epochs of a race after which half of the racers drop out.
var rounds = []int{8, 16}

// goodEnough is the mean scaled error on the data below which no other race is run, for problems of up to affordable elements in the
// Jacobian of the residuals. It grows with that number, as does the time of a race.
const (
	goodEnough = 5e-5
	affordable = 150_000
)

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
	enough := l.target > 0 && l.bestLoss*float64(l.whole().rows)/2 <= l.target || l.bestMAE <= goodEnough*max(1, float64(l.whole().rows)*float64(l.t.total)/affordable)
	if enough || l.races >= l.t.cfg.LeastSquares.Races {
		l.over = true
	}
}

// leastSquaresState is what a checkpoint holds.
type leastSquaresState struct {
	Now, Races, RaceEpochs, Failed int
	Racers                         []racerState
	Best                           []float64
	BestLoss, BestMAE              float64
	Over                           bool
}

type racerState struct {
	Stage, Level, Lost int
	Loss, MAE          float64
	Trail              []float64
	Done, Broken       bool
	Method             []byte
}

func (l *leastSquares) saveRacers() ([]racerState, error) {
	var out []racerState
	for _, r := range l.racers {
		b, err := r.lm.MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(out, racerState{r.stage, r.level, r.lost, r.loss, r.mae, slices.Clone(r.trail), r.done, r.broken, b})
	}
	return out, nil
}

func (l *leastSquares) restoreRacers(states []racerState) error {
	var racers []*racer
	for _, s := range states {
		if s.Stage < 0 || s.Stage >= len(l.stages) {
			return fmt.Errorf("stage number %d of %d", s.Stage, len(l.stages))
		}
		if s.Level < 0 || s.Level >= len(l.tolerances) {
			return fmt.Errorf("tolerance number %d of %d", s.Level, len(l.tolerances))
		}
		r, err := l.newRacer(make([]float64, l.t.total), s.Stage)
		if err != nil {
			return err
		}
		if err := r.s.setTolerance(l.tolerances[s.Level]); err != nil {
			return err
		}
		if err := r.lm.UnmarshalBinary(s.Method); err != nil {
			return err
		}
		r.level, r.lost, r.trail, r.done = s.Level, s.Lost, s.Trail, s.Done
		r.loss, r.mae, r.broken = s.Loss, s.MAE, s.Broken
		racers = append(racers, r)
	}
	l.racers = racers
	return nil
}

// MarshalBinary implements recipe.
func (l *leastSquares) MarshalBinary() ([]byte, error) {
	racers, err := l.saveRacers()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(leastSquaresState{
		Now: l.now, Races: l.races, RaceEpochs: l.raceEpochs, Failed: l.failed, Racers: racers,
		Best: l.best, BestLoss: l.bestLoss, BestMAE: l.bestMAE, Over: l.over,
	})
	return b.Bytes(), err
}

// UnmarshalBinary implements recipe.
func (l *leastSquares) UnmarshalBinary(raw []byte) error {
	var s leastSquaresState
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&s); err != nil {
		return err
	}
	if len(s.Best) != l.t.total || s.Now < 0 {
		return fmt.Errorf("%d parameters in epoch %d where the model has %d", len(s.Best), s.Now, l.t.total)
	}
	if err := l.restoreRacers(s.Racers); err != nil {
		return err
	}
	l.now, l.races, l.raceEpochs, l.failed = s.Now, s.Races, s.RaceEpochs, s.Failed
	l.best, l.bestLoss, l.bestMAE, l.over = s.Best, s.BestLoss, s.BestMAE, s.Over
	return nil
}
