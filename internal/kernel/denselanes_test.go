package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// All four systems are solved, rows trading places where they must.
func TestDenseLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for _, impl := range impls() {
		t.Run(impl, func(t *testing.T) {
			defer useImpl(impl)()
			exchanged, unstable := 0, 0
			for trial := range 400 {
				n := 1 + trial%21
				a, mass := normals(rng, n*n), normals(rng, n)
				shift := [LaneEntry]float64{0.7, 0.3, 0.5, 0.7, 0, 0.4, -0.2, 0}
				if trial%3 == 0 { // a permutation of rows dominates
					for i, p := range rng.Perm(n) {
						a[i*n+p] += 30
					}
				}
				const gamma = 0.9
				w, inv, order := make([]float64, LaneEntry*n*n), make([]float64, LaneEntry*n), make([]int64, n)
				switch FactorDenseLanes(w, inv, a, gamma, order, &shift, mass) {
				case Unstable:
					unstable++
					continue
				case Eliminated:
				default:
					t.Fatalf("size %d: singular", n)
				}
				b := normals(rng, LaneEntry*n) // of the equations
				x := make([]float64, LaneEntry*n)
				for i, equation := range order {
					if int(equation) != i {
						exchanged++
					}
					copy(x[LaneEntry*i:LaneEntry*(i+1)], b[LaneEntry*equation:])
				}
				SolveDenseLanes(x, w, inv, n)
				solvesLanes(t, a, mass, gamma, &shift, x, b, 1e-13, 1)
			}
			if exchanged == 0 || unstable > 100 {
				t.Errorf("%d rows were exchanged, %d matrices given up", exchanged, unstable)
			}
		})
	}
}

// What cannot be eliminated in some lane is refused.
func TestDenseLanesRefuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 2))
	for _, impl := range impls() {
		t.Run(impl, func(t *testing.T) {
			defer useImpl(impl)()
			const n = 4
			status := func(shift [LaneEntry]float64, a, mass []float64) int {
				w, inv, order := make([]float64, LaneEntry*n*n), make([]float64, LaneEntry*n), make([]int64, n)
				return FactorDenseLanes(w, inv, a, 1, order, &shift, mass)
			}
			mass := []float64{1, 1, 1, 1}
			fine := [LaneEntry]float64{30, 30, 30, 30, 0, 1, 2, 3}
			a := normals(rng, n*n)
			if k := status(fine, a, mass); k != Eliminated {
				t.Fatalf("a dominant matrix: %d", k)
			}
			if k := status([LaneEntry]float64{}, make([]float64, n*n), mass); k != 0 {
				t.Errorf("zeros: %d", k)
			}
			for e := range a {
				for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
					b := append([]float64(nil), a...)
					b[e] = bad
					if k := status(fine, b, mass); k == Eliminated {
						t.Errorf("element %d is %g: taken for eliminated", e, bad)
					}
				}
			}
			for lane := range 4 {
				shift := fine
				shift[lane] = math.NaN()
				if k := status(shift, a, mass); k == Eliminated {
					t.Errorf("a shift of NaN in lane %d: taken for eliminated", lane)
				}
				// the sum over the lanes has the diagonal for a pivot, which in this lane is as good as zero
				shift = fine
				shift[lane] = 1e-6
				small := []float64{0, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0}
				shift[lane+4] = 0
				if k := status(shift, small, mass); k != Unstable {
					t.Errorf("a small pivot in lane %d: %d", lane, k)
				}
			}
		})
	}
}

func BenchmarkDenseLanes(b *testing.B) {
	rng := rand.New(rand.NewPCG(11, 3))
	for _, n := range []int{1, 2, 3, 4, 8, 20} {
		a, mass, x := normals(rng, n*n), make([]float64, n), normals(rng, LaneEntry*n)
		for i := range mass {
			mass[i] = 30
		}
		shift := [LaneEntry]float64{1, 1, 1, 1, 0, 0.4, -0.2, 0}
		w, inv, order := make([]float64, LaneEntry*n*n), make([]float64, LaneEntry*n), make([]int64, n)
		for _, impl := range impls() {
			b.Run(fmt.Sprintf("factor/%d/impl=%s", n, impl), func(b *testing.B) {
				defer useImpl(impl)()
				for b.Loop() {
					FactorDenseLanes(w, inv, a, 1, order, &shift, mass)
				}
			})
			b.Run(fmt.Sprintf("solve/%d/impl=%s", n, impl), func(b *testing.B) {
				defer useImpl(impl)()
				for b.Loop() {
					SolveDenseLanes(x, w, inv, n)
				}
			})
		}
	}
}
