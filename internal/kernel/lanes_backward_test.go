package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// backwardOf is a net of lanes at random points, with random adjoints of its outputs and the sums that Backward makes.
func backwardOf(n *LaneNet, x, w []float64, inputs bool) (gp, gx []float64) {
	copy(n.Inputs(), x)
	n.ForwardDerivative()
	copy(n.Adjoints(), w)
	sums := make([]float64, len(n.params)*SumLanes)
	gx = slices.Clone(n.Backward(sums, inputs))
	gp = make([]float64, len(n.params))
	n.Collect(gp, sums)
	return gp, gx
}

// The reverse mode in lanes is that of one point at every lane's own point, summed over the points.
func TestLaneBackwardIsTheSumOverPoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 6))
	for i, sizes := range netShapes(rng) {
		hidden, output := Func(i)%NumFuncs, Func(i/2)%NumFuncs
		one := randomNet(sizes, hidden, output, rng)
		many := NewLaneNet(sizes, hidden, output)
		copy(many.Params(), one.Params())
		in, out := sizes[0], sizes[len(sizes)-1]
		x, w := normals(rng, in*LaneWidth), normals(rng, out*LaneWidth)
		want, wantInputs := make([]float64, len(one.Params())), make([]float64, in*LaneWidth)
		last := one.Layers()[len(sizes)-2]
		for l := range LaneWidth {
			copy(one.A(), lane(x, l))
			one.Forward(1)
			copy(one.Eta()[last.At:], lane(w, l))
			one.Backward(0, want, true)
			for j, v := range one.Eta()[:in] {
				wantInputs[j*LaneWidth+l] = v
			}
		}
		for _, impl := range impls() {
			restore := useImpl(impl)
			gp, gx := backwardOf(many, x, w, true)
			alone, none := backwardOf(many, x, w, false)
			restore()
			if d := relativeDifference(gp, want); !(d < 1e-12) {
				t.Errorf("%v, %s: gradients differ by %g", sizes, impl, d)
			}
			if d := relativeDifference(gx, wantInputs); !(d < 1e-12) {
				t.Errorf("%v, %s: adjoints of the inputs differ by %g", sizes, impl, d)
			}
			if !slices.Equal(alone, gp) || none != nil {
				t.Errorf("%v, %s: without the inputs the gradient is another", sizes, impl)
			}
		}
	}
}

// The points of a state are there again when the net goes back to it, and sums are added to.
func TestLaneBackwardAtAnEarlierState(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	n := NewLaneNet([]int{3, 5, 4, 2}, GELU, Tanh)
	copy(n.Params(), normals(rng, len(n.params)))
	var want []float64
	const states = 3
	var a, d1, w [states][]float64
	for i := range states {
		a[i], d1[i] = n.NewState()
		n.Use(a[i], d1[i])
		w[i] = normals(rng, 2*LaneWidth)
		gp, _ := backwardOf(n, normals(rng, 3*LaneWidth), w[i], false)
		if want == nil {
			want = make([]float64, len(gp))
		}
		for j, v := range gp {
			want[j] += v
		}
	}
	sums, got := make([]float64, len(n.params)*SumLanes), make([]float64, len(n.params))
	for i := range states {
		n.Use(a[i], d1[i])
		copy(n.Adjoints(), w[i])
		n.Backward(sums, false)
	}
	n.Collect(got, sums)
	if d := relativeDifference(got, want); !(d < 1e-14) {
		t.Errorf("gradients differ by %g", d)
	}
	if slices.ContainsFunc(sums, func(v float64) bool { return math.Float64bits(v) != 0 }) {
		t.Error("sums are left over")
	}
}
