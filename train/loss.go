package train

import (
	"math"

	"github.com/stiffnode/stiffnode/sens"
)

// lossKind is a penalty of one scaled difference d: its value and its derivative.
type lossKind func(d, delta float64) (value, slope float64)

var lossKinds = map[string]lossKind{
	"mae":   absolute,
	"mse":   squared,
	"huber": huber,
}

// absolute is |d|: Eq. 14 of Kim et al. (2021). Its slope at 0 is taken as 0.
func absolute(d, _ float64) (float64, float64) {
	switch {
	case d > 0:
		return d, 1
	case d < 0:
		return -d, -1
	}
	return d, 0
}

func squared(d, _ float64) (float64, float64) { return d * d, 2 * d }

// huber is ½d² for |d| ≤ δ, else δ(|d| − ½δ) (Huber, Annals of Mathematical Statistics 35 (1964) 73).
func huber(d, delta float64) (float64, float64) {
	if a := math.Abs(d); a > delta {
		return delta * (a - delta/2), math.Copysign(delta, d)
	}
	return d * d / 2, d
}

// dataLoss is the sum of weighted penalties of one trajectory. It also adds up |model − data|/range, which the metric averages.
type dataLoss struct {
	kind    lossKind
	delta   float64
	inverse []float64 // 1/scale of every state
	ranges  []float64 // 0: not in the metric
	tr      *trajectory
	scaled  float64 // Σ |model − data|/range
}

var _ sens.Loss = (*dataLoss)(nil)

// At implements sens.Loss.
func (l *dataLoss) At(i int, _ float64, y, grad []float64) float64 {
	k := len(y)
	values, weights := l.tr.values[i*k:(i+1)*k], l.tr.weights[i*k:(i+1)*k]
	sum := 0.0
	for j, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if r := l.ranges[j]; r > 0 {
			l.scaled += math.Abs(y[j]-v) / r
		}
		w := weights[j]
		if w == 0 {
			continue
		}
		value, slope := l.kind((y[j]-v)*l.inverse[j], l.delta)
		sum += w * value
		if grad != nil {
			grad[j] = w * slope * l.inverse[j]
		}
	}
	return sum
}
