package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var funcNames = [NumFuncs]string{"identity", "tanh", "gelu", "gelu_erf", "relu", "leaky_relu", "softplus", "silu", "elu", "sinh"}

func (f Func) String() string { return funcNames[f] }

// forEachImpl runs a test on the assembly, where this processor has it, and on the Go twin.
func forEachImpl(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	for _, impl := range impls() {
		t.Run("impl="+impl, func(t *testing.T) {
			defer useImpl(impl)()
			test(t)
		})
	}
}

// arguments spread over all sizes, dense where the functions bend.
func arguments(rng *rand.Rand) []float64 {
	var x []float64
	for range 200 {
		x = append(x, rng.NormFloat64(), 5*rng.NormFloat64(), 40*(2*rng.Float64()-1), 720*(2*rng.Float64()-1))
	}
	for e := -1000; e <= 9; e += 17 {
		v := math.Ldexp(1+rng.Float64(), e)
		x = append(x, v, -v)
	}
	return x
}

// Errors in units of the last place of value, first and second derivative; those of GELU are relative to the rounding of its own exponent,
// those of a derivative that is a sum to the size of its terms.
var activationAccuracy = [NumFuncs][3]float64{
	Identity:  {0, 0, 0},
	Tanh:      {4, 5, 8},
	GELU:      {4, 6, 8},
	GELUErf:   {5, 5, 6},
	ReLU:      {0, 0, 0},
	LeakyReLU: {0.5, 0, 0},
	Softplus:  {3, 3, 5},
	SiLU:      {3, 4, 6},
	ELU:       {3, 2, 2},
	Sinh:      {4, 3, 4},
}

func TestActivationsAgainstBigFloat(t *testing.T) {
	x := arguments(rand.New(rand.NewPCG(1, 1)))
	for f := range NumFuncs {
		want, size := make([][3]*big.Float, len(x)), make([][3]*big.Float, len(x))
		for i, v := range x {
			want[i], size[i] = bigFunc(f, v)
		}
		t.Run(f.String(), func(t *testing.T) {
			forEachImpl(t, func(t *testing.T) {
				got := [3][]float64{make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))}
				f.Apply(2, got[0], got[1], got[2], x)
				for k := range got {
					worst, at := 0., 0
					for i := range x {
						w, _ := want[i][k].Float64()
						if math.IsInf(w, 0) {
							if got[k][i] != w {
								t.Errorf("derivative %d at %g is %g, want %g", k, x[i], got[k][i], w)
							}
							continue
						}
						if math.Abs(w) < 1e-290 && math.Abs(got[k][i]) < 1e-290 {
							continue
						}
						if u := ulps(got[k][i], want[i][k], size[i][k]); !(u <= worst) {
							worst, at = u, i
						}
					}
					t.Logf("derivative %d: %.2f units in the last place, at %g", k, worst, x[at])
					if !(worst <= activationAccuracy[f][k]) {
						t.Errorf("derivative %d at %.17g is %.17g, want %.17g: %.1f units in the last place, allowed %g",
							k, x[at], got[k][at], want[at][k], worst, activationAccuracy[f][k])
					}
				}
			})
		})
	}
}

func TestActivationsAtSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	limits := [NumFuncs]struct{ minus, plus [3]float64 }{
		Identity:  {[3]float64{-inf, 1, 0}, [3]float64{inf, 1, 0}},
		Tanh:      {[3]float64{-1, 0, 0}, [3]float64{1, 0, 0}},
		GELU:      {[3]float64{0, 0, 0}, [3]float64{inf, 1, 0}},
		GELUErf:   {[3]float64{0, 0, 0}, [3]float64{inf, 1, 0}},
		ReLU:      {[3]float64{0, 0, 0}, [3]float64{inf, 1, 0}},
		LeakyReLU: {[3]float64{-inf, 0.01, 0}, [3]float64{inf, 1, 0}},
		Softplus:  {[3]float64{0, 0, 0}, [3]float64{inf, 1, 0}},
		SiLU:      {[3]float64{0, 0, 0}, [3]float64{inf, 1, 0}},
		ELU:       {[3]float64{-1, 0, 0}, [3]float64{inf, 1, 0}},
		Sinh:      {[3]float64{-inf, inf, -inf}, [3]float64{inf, inf, inf}},
	}
	finite := [NumFuncs]struct{ minus, plus [3]float64 }{} // at ±1e300
	for f := range NumFuncs {
		finite[f] = limits[f]
		if f != Sinh {
			for k, v := range [2]float64{-1e300, 1e300} {
				side := &finite[f].minus
				if k == 1 {
					side = &finite[f].plus
				}
				if math.IsInf(side[0], 0) {
					side[0] = v
					if f == LeakyReLU && k == 0 {
						side[0] = v * LeakySlope
					}
				}
			}
		}
	}
	forEachImpl(t, func(t *testing.T) {
		for f := range NumFuncs {
			x := []float64{-inf, inf, nan, math.Copysign(0, -1), 0, -1e300, 1e300}
			got := [3][]float64{make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))}
			f.Apply(2, got[0], got[1], got[2], x)
			for k := range got {
				for i, w := range [...]float64{0: limits[f].minus[k], 1: limits[f].plus[k], 5: finite[f].minus[k], 6: finite[f].plus[k]} {
					if (i <= 1 || i >= 5) && got[k][i] != w {
						t.Errorf("%v: derivative %d at %g is %g, want %g", f, k, x[i], got[k][i], w)
					}
				}
				if !math.IsNaN(got[k][2]) && !(f == Identity && k > 0) {
					t.Errorf("%v: derivative %d at NaN is %g", f, k, got[k][2])
				}
				if got[k][3] != got[k][4] {
					t.Errorf("%v: derivative %d at −0 is %g, at +0 %g", f, k, got[k][3], got[k][4])
				}
			}
		}
	})
}

// Every length and order, in place or not, gives what one number at a time gives, and nothing beyond the length is touched.
func TestApplyLengthsAndOrders(t *testing.T) {
	const guard = 123.25
	rng := rand.New(rand.NewPCG(3, 3))
	forEachImpl(t, func(t *testing.T) {
		for f := range NumFuncs {
			for n := range 14 {
				x := make([]float64, n)
				for i := range x {
					x[i] = 3 * rng.NormFloat64()
				}
				want := [3][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
				for i := range x {
					f.Apply(2, want[0][i:i+1], want[1][i:i+1], want[2][i:i+1], x[i:i+1])
				}
				for order := range 3 {
					for shift := range 4 {
						buf := [3][]float64{}
						for k := range buf {
							buf[k] = make([]float64, shift+n+4)
							for i := range buf[k] {
								buf[k][i] = guard
							}
						}
						dst := buf[0][shift : shift+n]
						copy(dst, x)
						f.Apply(order, dst, buf[1][shift:shift+n], buf[2][shift:shift+n], dst)
						for k := range buf {
							for i, v := range buf[k] {
								w := guard
								if k <= order && i >= shift && i < shift+n {
									w = want[k][i-shift]
								}
								if v != w {
									t.Fatalf("%v, order %d, length %d, shift %d: derivative %d at place %d is %g, want %g", f, order, n, shift, k, i, v, w)
								}
							}
						}
					}
				}
			}
		}
	})
}

func TestExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var x []float64
	for range 2000 {
		x = append(x, 1480*rng.Float64()-760, rng.NormFloat64())
	}
	for e := -60; e < 12; e++ {
		x = append(x, math.Ldexp(1, e), -math.Ldexp(1, e))
	}
	x = append(x, 709.78, 709.782712893384, 709.7827128933841, -708.39, -708.4, -745.13, -745.14)
	want := make([]*big.Float, len(x))
	for i := range x {
		want[i] = bigExp(bf(x[i]))
	}
	forEachImpl(t, func(t *testing.T) {
		got := make([]float64, len(x))
		Exp(got, x)
		worst := 0.
		for i := range x {
			w, _ := want[i].Float64()
			if math.IsInf(w, 0) || w == 0 {
				if got[i] != w {
					t.Errorf("exp(%g) = %g, want %g", x[i], got[i], w)
				}
				continue
			}
			u := ulps(got[i], want[i], want[i])
			worst = math.Max(worst, u)
			if !(u <= 2) {
				t.Errorf("exp(%.17g) = %.17g, want %.17g: %.2f units in the last place", x[i], got[i], w, u)
			}
		}
		t.Logf("%.3f units in the last place", worst)
		special := []float64{math.Inf(1), math.Inf(-1), math.NaN(), 0, math.Copysign(0, -1), 1e300, -1e300}
		Exp(special, special)
		for i, w := range []float64{math.Inf(1), 0, math.NaN(), 1, 1, math.Inf(1), 0} {
			if special[i] != w && !(math.IsNaN(w) && math.IsNaN(special[i])) {
				t.Errorf("special value %d: %g, want %g", i, special[i], w)
			}
		}
	})
}

// The scalar form, which nn's Activation returns, is the twin's.
func TestAtIsTheTwin(t *testing.T) {
	for f := range NumFuncs {
		for _, x := range []float64{-3, -0.2, 0, 1e-9, 0.7, 30} {
			v, d1, d2 := f.At(x)
			var got [3][1]float64
			f.applyGo(2, got[0][:], got[1][:], got[2][:], []float64{x})
			if v != got[0][0] || d1 != got[1][0] || d2 != got[2][0] {
				t.Errorf("%v at %g: %v %v %v and %v", f, x, v, d1, d2, got)
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for _, impl := range impls() {
		for f := range NumFuncs {
			for order := range 3 {
				b.Run(fmt.Sprintf("%v/order=%d/impl=%s", f, order, impl), func(b *testing.B) {
					defer useImpl(impl)()
					var buf [4][64]float64
					for i := range buf[3] {
						buf[3][i] = float64(i%13)/3 - 2
					}
					for range b.N {
						f.Apply(order, buf[0][:], buf[1][:], buf[2][:], buf[3][:])
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/number")
				})
			}
		}
	}
}

func BenchmarkExp(b *testing.B) {
	for _, impl := range impls() {
		b.Run("impl="+impl, func(b *testing.B) {
			defer useImpl(impl)()
			var dst, x [64]float64
			for i := range x {
				x[i] = float64(i%13)/3 - 2
			}
			for range b.N {
				Exp(dst[:], x[:])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/number")
		})
	}
}
