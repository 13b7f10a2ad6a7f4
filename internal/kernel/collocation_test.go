package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Both directions compute the sums they stand for, at whatever places the states are.
func TestCollocationLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	near := func(t *testing.T, what string, got, want, size float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-14*size) {
			t.Fatalf("%s is %g, want %g", what, got, want)
		}
	}
	for _, impl := range impls() {
		for _, s := range []int{3, 5} {
			t.Run(fmt.Sprint(impl, s), func(t *testing.T) {
				defer useImpl(impl)()
				for n := 1; n <= 25; n++ {
					places := make([]int32, n)
					for j, p := range rng.Perm(n) {
						places[j] = int32(LaneEntry * p)
					}
					f, u, mass, y, w := normals(rng, s*n), normals(rng, LaneEntry*n), normals(rng, n), normals(rng, n), normals(rng, n)
					coef, m := make([][LaneEntry]float64, s), normals(rng, s*s)
					for i := range s {
						copy(coef[i][:], normals(rng, LaneEntry))
					}
					shift := [LaneEntry]float64(normals(rng, LaneEntry))
					x := make([]float64, LaneEntry*n)
					StagesToLanes(x, places, f, coef, u, mass, 1.5, &shift)
					for j, p := range places {
						for l := range LaneEntry {
							want, size := 0.0, 1.0
							for i := range s {
								want += 1.5 * coef[i][l] * f[i*n+j]
								size += math.Abs(1.5 * coef[i][l] * f[i*n+j])
							}
							lane, z := l%4, complex(0, 0)
							z = complex(shift[lane], shift[lane+4]) * complex(u[LaneEntry*j+lane], u[LaneEntry*j+lane+4])
							part := real(z)
							if l >= 4 {
								part = imag(z)
							}
							want -= mass[j] * part
							near(t, fmt.Sprintf("size %d: lane %d of state %d", n, l, j), x[int(p)+l], want, size+10*math.Abs(mass[j]*part)+10)
						}
					}
					before := append([]float64(nil), u...)
					z, states := make([]float64, s*n+1), make([]float64, s*n+1)
					z[s*n], states[s*n] = 7, 7
					sum := LanesToStages(z[:s*n], states[:s*n], u, x, places, y, w, m, s)
					want := 0.0
					for j, p := range places {
						for l := range LaneEntry {
							near(t, "u", u[LaneEntry*j+l], before[LaneEntry*j+l]+x[int(p)+l], 100)
							want += x[int(p)+l] * x[int(p)+l] * w[j] * w[j]
						}
						v := u[LaneEntry*j:]
						variables := []float64{v[0], v[1], v[5]}
						if s == 5 {
							variables = []float64{v[0], v[1], v[2], v[5], v[6]}
						}
						for i := range s {
							a := 0.0
							for l, v := range variables {
								a += m[i*s+l] * v
							}
							near(t, fmt.Sprintf("size %d: stage %d of state %d", n, i, j), z[i*n+j], a, 1000)
							near(t, "state", states[i*n+j], y[j]+a, 1000)
						}
					}
					near(t, "sum", sum, want, 10*want)
					if z[s*n] != 7 || states[s*n] != 7 {
						t.Fatalf("size %d: wrote beyond the rows", n)
					}
				}
			})
		}
	}
}

func BenchmarkCollocation(b *testing.B) {
	const s = 5
	rng := rand.New(rand.NewPCG(10, 2))
	for _, n := range []int{8, 20} {
		places := make([]int32, n)
		for j := range places {
			places[j] = int32(LaneEntry * j)
		}
		f, u, y, w, x := normals(rng, s*n), normals(rng, LaneEntry*n), normals(rng, n), normals(rng, n), make([]float64, LaneEntry*n)
		z, states := make([]float64, s*n), make([]float64, s*n)
		coef, m := make([][LaneEntry]float64, s), make([]float64, s*s)
		var shift [LaneEntry]float64
		for _, impl := range impls() {
			b.Run(fmt.Sprintf("lanes/%d/impl=%s", n, impl), func(b *testing.B) {
				defer useImpl(impl)()
				for b.Loop() {
					StagesToLanes(x, places, f, coef, u, w, 1, &shift)
				}
			})
			b.Run(fmt.Sprintf("stages/%d/impl=%s", n, impl), func(b *testing.B) {
				defer useImpl(impl)()
				for b.Loop() {
					LanesToStages(z, states, u, x, places, y, w, m, s)
				}
			})
		}
	}
}
