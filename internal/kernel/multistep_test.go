package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A random step of n states. What lies beyond whole registers is NaN, so that what reads it shows.
func randomMultistep(r *rand.Rand, n int) *Multistep {
	v := Vectors(3, n)
	m := NewMultistep(n, v[0], v[1])
	m.Iterate(v[2])
	all := [][]float64{m.W, m.ATol, m.Y, m.E, m.EPrev, m.F, m.D}
	for j := range HistoryRows {
		all = append(all, m.Row(m.Z, j), m.Row(m.P, j))
	}
	for _, v := range all {
		for i := range n {
			v[i] = r.NormFloat64()
		}
		v = v[:cap(v)]
		for i := range v {
			switch {
			case i >= Padded(n) && i < onLine(n):
				v[i] = math.NaN()
			case i >= n && i < onLine(n):
				v[i] = 0
			}
		}
	}
	for i := range n {
		m.ATol[i] = math.Abs(m.ATol[i])
	}
	return m
}

// Every method is held to its definition, at lengths with and without a rest.
func TestMultistep(t *testing.T) {
	for _, impl := range impls() {
		restore := useImpl(impl)
		rng := rand.New(rand.NewPCG(7, 9))
		for n := 1; n <= 61; n++ {
			m := randomMultistep(rng, n)
			near := func(what string, got, want, size float64) {
				t.Helper()
				if !(math.Abs(got-want) <= 1e-14*(size+math.Abs(want))) {
					t.Fatalf("%s: %s, n = %d: %g, want %g", impl, what, n, got, want)
				}
			}
			padding := func(what string, vectors ...[]float64) {
				t.Helper()
				for _, v := range vectors {
					for i, x := range v[n:Padded(n)] {
						if x != 0 {
							t.Fatalf("%s: %s, n = %d: %g in place %d", impl, what, n, x, n+i)
						}
					}
				}
			}

			m.Z[n-1], m.ATol[n-1] = 0, 0 // no scale
			m.Predict(0.75, 0.25)
			for i := range n {
				if i < n-1 {
					near("weight", m.W[i], 1/(m.ATol[i]+0.25*math.Abs(m.Z[i])), 0)
				} else if m.W[i] != 0 {
					t.Fatalf("%s: n = %d: weight %g of a component without scale", impl, n, m.W[i])
				}
				if m.E[i] != 0 {
					t.Fatalf("%s: n = %d: correction %g before the first iteration", impl, n, m.E[i])
				}
				for k := range HistoryRows {
					want, size, binomial := 0.0, 0.0, 1.0
					for j := k; j < HistoryRows; j++ {
						x := binomial * math.Pow(0.75, float64(j)) * m.Row(m.Z, j)[i]
						want += x
						size += math.Abs(x)
						binomial *= float64(j+1) / float64(j+1-k)
					}
					near("prediction", m.Row(m.P, k)[i], want, size)
				}
			}
			padding("prediction", m.W, m.E, m.P)

			ld := Padded(n) + 4*(n%3)
			inverse := normals(rng, (n-1)*ld+Padded(n))
			for j := range n {
				clear(inverse[j*ld+n : j*ld+Padded(n)])
			}
			copy(m.E, normals(rng, n))
			was, sum, size := append([]float64(nil), m.E[:n]...), 0.0, 0.0
			m.UseInverse(inverse, ld)
			got := m.Newton(0.5, -0.75, 1.25)
			for i := range n {
				d, scale := 0.0, 0.0
				for j := range n {
					x := inverse[j*ld+i] * (0.5*m.F[j] - (-0.75*m.Row(m.P, 1)[j] + was[j]))
					d += x
					scale += math.Abs(inverse[j*ld+i]) * 10
				}
				near("change", m.D[i], 1.25*d, scale)
				near("correction", m.E[i], was[i]+m.D[i], scale)
				near("iterate", m.Y[i], m.P[i]+m.E[i], math.Abs(m.P[i]))
				sum += m.D[i] * m.W[i] * m.D[i] * m.W[i]
				size += m.W[i] * m.W[i] * scale * scale
			}
			near("size of the change", got, sum, size)
			padding("iteration", m.D, m.E, m.Y)

			copy(m.D, normals(rng, n))
			copy(was, m.E)
			change, sum := append([]float64(nil), m.D...), 0.0
			got = m.Advance(1.25)
			for i := range n {
				near("change", m.D[i], 1.25*change[i], 0)
				near("correction", m.E[i], was[i]+m.D[i], math.Abs(was[i]))
				near("iterate", m.Y[i], m.P[i]+m.E[i], math.Abs(m.P[i]))
				sum += m.D[i] * m.W[i] * m.D[i] * m.W[i]
			}
			near("size of the change", got, sum, 0)
			padding("iteration", m.D, m.E, m.Y)

			m.ATol[n-1] = 0.5
			before := append([]float64(nil), m.P...)
			for q := 1; q < HistoryRows; q++ {
				l := [HistoryRows]float64{1, 1.5, -0.5, 0.25, 2, 3}
				clear(l[q+1:])
				copy(m.P, before)
				latest, top, below, difference := m.Correct(q, &l, 0.75, 0.25)
				for i := range n {
					for j, c := range l {
						old := before[j*onLine(n)+i]
						near("corrected history", m.Row(m.P, j)[i], old+c*m.E[i], math.Abs(old))
					}
				}
				var want [4]float64
				for i := range n {
					for k, x := range [...]float64{m.E[i], m.Row(m.P, q)[i], m.Row(m.P, q-1)[i], m.E[i] - 0.75*m.EPrev[i]} {
						x /= m.ATol[i] + 0.25*max(math.Abs(m.Z[i]), math.Abs(m.P[i]))
						want[k] += x * x
					}
				}
				near("squares of the correction", latest, want[0], 0)
				near("squares of row q", top, want[1], 0)
				near("squares of row q−1", below, want[2], 0)
				near("squares of the difference", difference, want[3], want[3])
				padding("correction", m.P)
			}

			// a state that is not finite shows
			for _, bad := range []float64{math.NaN(), math.Inf(1)} {
				m.P[n-1] = bad
				if got, _, _, _ := m.Correct(1, &[HistoryRows]float64{1}, 0.75, 0.25); !math.IsNaN(got) {
					t.Fatalf("%s: n = %d: squares %g with a state %g", impl, n, got, bad)
				}
			}
		}
		restore()
	}
}

// The methods write all that they are for and nothing else: numbers beyond n that a user's function may have left are not read.
func TestMultistepReadsNoForeignPadding(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 10))
	for _, impl := range impls() {
		restore := useImpl(impl)
		for _, n := range []int{1, 3, 6, 9, 21} {
			m := randomMultistep(rng, n)
			for i := n; i < Padded(n); i++ {
				m.F[i], m.Y[i] = math.NaN(), math.NaN()
			}
			m.Predict(1, 1e-3)
			inverse := make([]float64, n*Padded(n))
			m.UseInverse(inverse, Padded(n))
			sums := []float64{m.Newton(1, 1, 1), m.Advance(1)}
			latest, top, below, difference := m.Correct(1, &[HistoryRows]float64{1}, 1, 1)
			for i, s := range append(sums, latest, top, below, difference) {
				if math.IsNaN(s) {
					t.Errorf("%s: n = %d: sum %d is NaN", impl, n, i)
				}
			}
		}
		restore()
	}
}

// Wider registers change no bit.
func TestMultistepBits(t *testing.T) {
	if !slices.Contains(impls(), "avx512") {
		t.Skip("this processor has no AVX-512")
	}
	for n := 1; n <= 61; n++ {
		var want []float64
		for _, impl := range []string{"avx2", "avx512"} {
			restore := useImpl(impl)
			rng := rand.New(rand.NewPCG(7, uint64(n)))
			m := randomMultistep(rng, n)
			inverse := normals(rng, n*Padded(n))
			m.Predict(0.75, 1e-3)
			m.UseInverse(inverse, Padded(n))
			got := []float64{m.Newton(0.5, 2, 0.75), m.Newton(0.5, 2, 0.75), m.Advance(0.75)}
			latest, top, below, difference := m.Correct(3, &[HistoryRows]float64{1, 2, 3, 4}, 0.5, 1e-3)
			got = append(got, latest, top, below, difference)
			for j := range HistoryRows {
				got = append(got, m.Row(m.P, j)...)
			}
			for _, v := range [][]float64{m.W, m.E, m.D, m.Y} {
				got = append(got, v[:n]...)
			}
			restore()
			if want == nil {
				want = got
			}
			for i := range want {
				if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
					t.Fatalf("n = %d: number %d is %g with %s, %g with AVX2", n, i, got[i], impl, want[i])
				}
			}
		}
	}
}

func BenchmarkMultistep(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 11))
	for _, n := range []int{3, 8, 20} {
		m := randomMultistep(rng, n)
		m.UseInverse(make([]float64, n*Padded(n)), Padded(n))
		l := [HistoryRows]float64{1}
		for _, impl := range impls() {
			for what, f := range map[string]func(){
				"predict": func() { m.Predict(1, 1e-3) }, "newton": func() { m.Newton(1, 1, 1) }, "advance": func() { m.Advance(1) },
				"correct": func() { m.Correct(5, &l, 1, 1e-3) },
			} {
				b.Run(fmt.Sprintf("%s/n=%d/impl=%s", what, n, impl), func(b *testing.B) {
					defer useImpl(impl)()
					for b.Loop() {
						f()
					}
				})
			}
		}
	}
}
