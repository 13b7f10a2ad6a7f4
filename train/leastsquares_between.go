package train

import "math"

// interpolation gives values between the observed times of a trajectory: those of local polynomials in the independent variable of
// courses, with weights that fall where polynomials of different degree disagree; of a smoothing spline where a state carries errors. Few
// observations of a fast transient are fitted exactly by models that swing between them; this holds a model to the plainest course.
type interpolation struct {
	t      *task
	t0     float64
	tau    []float64   // of every row
	x, y   [][]float64 // the observations of every state but the initial ones; see firstSmooth
	smooth []*spline   // of every state that carries errors and was observed often enough
	scale  []float64
	values []float64 // at the latest time asked for
	weight []float64
}

func newInterpolation(t *task, tr *trajectory) *interpolation {
	k := len(t.states)
	b := &interpolation{
		t: t, t0: tr.t0, x: make([][]float64, k), y: make([][]float64, k), scale: lossScale(t.cfg.Loss.Scale, t.stats),
		values: make([]float64, k), weight: make([]float64, k),
	}
	for n, time := range tr.times {
		tau := time
		if t.stats.LogTimes {
			tau = math.Log(time - tr.t0)
		}
		b.tau = append(b.tau, tau)
		for j := range k {
			if v := tr.values[n*k+j]; !math.IsNaN(v) {
				b.x[j], b.y[j] = append(b.x[j], tau), append(b.y[j], v)
			}
		}
	}
	b.smooth = make([]*spline, k)
	for j, x := range b.x {
		if noise := t.stats.States[j].Noise; noise > 0 && len(x) >= fewest {
			b.smooth[j] = newSpline(x, b.y[j], noise)
		}
	}
	return b
}

// fewest is the number of observations of a state below which nothing is interpolated.
const fewest = 6

// plain is the disagreement of polynomials, in units of the scale, up to which the observations show all there is to see: a value between them would
// add work and no information.
const plain = 1e-4

// trusted is the disagreement of polynomials, in units of the scale, at which the residual of an interpolated value is halved.
const trusted = 1e-3

// Before the first observation linear times tell nothing of states that are fast, which is where models differ most. The plainest guess is that
// what is fast settles early, on the course that the observations show: at fractions of the first interval the model is held to their
// extrapolation, or, where the initial value lies on it, to their interpolation. It is a guess, and its weight is small.
const (
	earlyRows    = 3    // at 1/2, 1/4, 1/8 of the first interval
	earlyWeight  = 1e-2 // of a squared residual there
	earlyTrusted = 0.05 // the disagreement of polynomials, in units of the scale, at which the residual is halved
	onCourse     = 0.02 // the distance, in units of the scale, from which on an initial value is not on the course
)

// early returns the time after 1/2ⁿ of the first interval of a trajectory, with values and weights there; nil where there is nothing to go by.
func (b *interpolation) early(tr *trajectory, n int) (time float64, values, weights []float64) {
	const high, low = 5, 3 // points
	if b.t.stats.LogTimes || b.t.jumps || !b.t.cfg.LeastSquares.Interpolate || len(tr.times) < fewest {
		return 0, nil, nil
	}
	time = tr.t0 + math.Ldexp(tr.times[0]-tr.t0, -n)
	known := false
	for j, x := range b.x {
		y := b.y[j]
		b.values[j], b.weight[j] = math.NaN(), 0
		if b.scale[j] == 0 || len(x) < fewest || b.smooth[j] != nil || math.IsNaN(tr.y0[j]) || x[0] != tr.times[0] {
			continue
		}
		known = true
		v, _ := polynomial(x, y, time, high)
		w, _ := polynomial(x, y, time, low)
		if start, _ := polynomial(x, y, tr.t0, high); math.Abs(start-tr.y0[j]) <= onCourse*b.scale[j] {
			x, y = append([]float64{tr.t0}, x[:high]...), append([]float64{tr.y0[j]}, y[:high]...)
			v, _ = polynomial(x, y, time, high)
			w, _ = polynomial(x, y, time, low)
		}
		d := earlyTrusted / (earlyTrusted + math.Abs(v-w)/b.scale[j])
		b.values[j], b.weight[j] = v, earlyWeight*d*d
	}
	if !known {
		return 0, nil, nil
	}
	return time, b.values, b.weight
}

// before returns the time in the middle between row n and the one before, with values and weights there; nil where there is nothing to go
// by, or the data have jumps: through these, no
// polynomial can be trusted.
func (b *interpolation) before(n int) (time float64, values, weights []float64) {
	const high, low = fewest, 4 // points
	if n == 0 || b.t.jumps || !b.t.cfg.LeastSquares.Interpolate {
		return 0, nil, nil
	}
	tau := (b.tau[n-1] + b.tau[n]) / 2
	time = tau
	if b.t.stats.LogTimes {
		time = b.t0 + math.Exp(tau)
	}
	known := false
	for j, x := range b.x {
		b.values[j], b.weight[j] = math.NaN(), 0
		if b.scale[j] == 0 || len(x) < fewest || tau < x[0] || tau > x[len(x)-1] {
			continue
		}
		if b.smooth[j] != nil {
			b.values[j], _ = b.smooth[j].at(tau)
			b.weight[j], known = 1, true
			continue
		}
		v, _ := polynomial(x, b.y[j], tau, high)
		w, _ := polynomial(x, b.y[j], tau, low)
		if doubt := math.Abs(v-w) / b.scale[j]; doubt > plain {
			d := trusted / (trusted + doubt)
			b.values[j], b.weight[j] = v, d*d
			known = true
		}
	}
	if !known {
		return 0, nil, nil
	}
	return time, b.values, b.weight
}
