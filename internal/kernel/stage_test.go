package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The stages of a step are those of their definition, in every implementation and for every size. What lies behind the end must stay, and what lies
// between the columns, or belongs to stages not yet made, must not matter.
func TestStages(t *testing.T) {
	const count = 4
	rng := rand.New(rand.NewPCG(9, 28))
	for _, impl := range impls() {
		restore := useImpl(impl)
		for n := 1; n <= LargestInverse; n++ {
			for _, stride := range []int{n, n + 3} {
				inverse := normals(rng, (n-1)*stride+n)
				for i := range inverse {
					if i%stride >= n {
						inverse[i] = math.NaN()
					}
				}
				u := make([]float64, count*n+1)
				for i := range u {
					u[i] = math.NaN()
				}
				u[count*n] = 7
				s := NewStageKernel(n, u[:count*n])
				for step := range 2 {
					scale := rng.NormFloat64()
					s.Begin(inverse, stride, scale)
					second := make([]float64, n) // the second sum of the stage before
					for i := range count {
						y, f, sums := normals(rng, n), normals(rng, n), normals(rng, 2*(i+1))
						to := Vectors(1, n)[0]
						s.Stage(i, to, y, f, sums)
						for k := range n {
							want, size := 0.0, 1.0
							for j := range n {
								x := inverse[j*stride+k] * (scale*f[j] + second[j])
								want += x
								size += math.Abs(x)
							}
							if d := math.Abs(u[i*n+k] - want); !(d <= 1e-14*size) {
								t.Fatalf("%s, n = %d, step %d: stage %d is off by %g at scale %g", impl, n, step, i, d, size)
							}
						}
						for k := range n {
							first, other, size := y[k], 0.0, 1+math.Abs(y[k])
							for j := range i + 1 {
								first += sums[2*j] * u[j*n+k]
								other += sums[2*j+1] * u[j*n+k]
								size += (math.Abs(sums[2*j]) + math.Abs(sums[2*j+1])) * math.Abs(u[j*n+k])
							}
							if d := math.Abs(to[k]-first) + math.Abs(s.Sum()[k]-other); !(d <= 1e-14*size) {
								t.Fatalf("%s, n = %d, step %d: the sums of stage %d are off by %g at scale %g", impl, n, step, i, d, size)
							}
						}
						copy(second, s.Sum())
						if u[count*n] != 7 {
							t.Fatalf("%s, n = %d: stage %d wrote beyond the end", impl, n, i)
						}
					}
				}
			}
		}
		restore()
	}
}

func BenchmarkStage(b *testing.B) {
	for _, n := range []int{8, 20} {
		for _, impl := range impls() {
			b.Run(fmt.Sprintf("n=%d/impl=%s", n, impl), func(b *testing.B) {
				defer useImpl(impl)()
				rng := rand.New(rand.NewPCG(9, 29))
				s := NewStageKernel(n, make([]float64, 6*n))
				inverse, y, f, to, sums := normals(rng, n*n), normals(rng, n), normals(rng, n), Vectors(1, n)[0], normals(rng, 12)
				s.Begin(inverse, n, 0.1)
				for b.Loop() {
					for i := range 6 {
						s.Stage(i, to, y, f, sums)
					}
				}
			})
		}
	}
}
