package kernel

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// A sparseSystem is elimination of a random pattern in the order of the rows, filled where elimination fills, with lists whose entries are size numbers.
type sparseSystem struct {
	Elimination
	Substitution
	size   int
	a      []float64 // dense, row by row
	values []float64
	mass   []float64
}

func newSparseSystem(rng *rand.Rand, n, size int) *sparseSystem {
	s := &sparseSystem{size: size, a: make([]float64, n*n), mass: make([]float64, n)}
	filled := make([]bool, n*n)
	for i := range n {
		s.mass[i] = 1 + rng.Float64()
		filled[i*n+i] = true
		for j := range n {
			if i == j || rng.IntN(3) == 0 {
				filled[i*n+j] = true
				s.a[i*n+j] = rng.NormFloat64()
			}
		}
		s.a[i*n+i] = -float64(2*n) - rng.Float64() // dominant
	}
	given := append([]bool(nil), filled...)
	for k := range n {
		for i := k + 1; i < n; i++ {
			for j := k + 1; j < n && filled[i*n+k]; j++ {
				filled[i*n+j] = filled[i*n+j] || filled[k*n+j]
			}
		}
	}
	place, start := make([]int32, n*n), make([]int32, n+1)
	below, above := 0, 0
	for i := range n {
		for j := range i {
			if filled[i*n+j] {
				place[i*n+j] = int32(below)
				below++
			}
		}
	}
	for i := range n {
		start[i] = int32(above)
		for j := i + 1; j < n; j++ {
			if filled[i*n+j] {
				place[i*n+j] = int32(below + above)
				above++
			}
		}
		start[i+1] = int32(above)
		place[i*n+i] = -1
	}
	for i := range n {
		place[i*n+i] = int32(below + above + i)
	}
	unit := int32(size)
	for i := range n {
		var cols []int32
		s.Rows = append(s.Rows, 0)
		at := len(s.Rows) - 1
		for c := range i {
			if !filled[i*n+c] {
				continue
			}
			s.Rows[at]++
			cols = append(cols, unit*int32(c))
			s.Rows = append(s.Rows, unit*int32(c), unit*start[c], start[c+1]-start[c])
			for j := c + 1; j < n; j++ {
				if filled[c*n+j] {
					s.Rows = append(s.Rows, unit*place[i*n+j])
				}
			}
		}
		s.Lower = append(append(s.Lower, int32(len(cols))), cols...)
		for j := range n {
			if j > i && filled[i*n+j] {
				s.Growth = append(s.Growth, unit*int32(j))
			}
			if given[i*n+j] {
				s.Given = append(s.Given, int32(len(s.values)), unit*place[i*n+j], unit*int32(j))
				s.values = append(s.values, s.a[i*n+j])
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		var cols []int32
		for j := i + 1; j < n; j++ {
			if filled[i*n+j] {
				cols = append(cols, unit*int32(j))
			}
		}
		s.Upper = append(append(s.Upper, int32(len(cols))), cols...)
	}
	s.Mass, s.Values = s.mass, len(s.values)
	s.Elimination.N, s.Elimination.Below, s.Elimination.Above = n, below, above
	s.Substitution.N, s.Substitution.Below, s.Substitution.Above = n, below, above
	return s
}

func (s *sparseSystem) numbers() (w, inv, largest []float64) {
	n := s.Elimination.N
	return make([]float64, s.size*(s.Elimination.Below+s.Elimination.Above+n)), make([]float64, s.size*n), make([]float64, s.size*n)
}

// Elimination of the lanes and substitution solve all four systems; a lane with a real shift has the factors of EliminateReal.
func TestSparseLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	for _, impl := range impls() {
		t.Run(impl, func(t *testing.T) {
			defer useImpl(impl)()
			for trial := range 60 {
				n := 1 + trial%21
				s := newSparseSystem(rng, n, LaneEntry)
				shift := [LaneEntry]float64{0.7, 3, 5, 2, 0, 4, -2, 1}
				const gamma = 0.3
				w, inv, largest := s.numbers()
				if k := s.EliminateLanes(w, inv, largest, s.values, gamma, &shift); k != Eliminated {
					t.Fatalf("size %d: %d", n, k)
				}
				x := normals(rng, LaneEntry*n)
				b := append([]float64(nil), x...)
				s.Lanes(x, w, inv)
				solvesLanes(t, s.a, s.mass, gamma, &shift, x, b, 1e-14, 0)
				real := s.real()
				rw, rinv, rlargest := real.numbers()
				if k := real.EliminateReal(rw, rinv, rlargest, s.values, gamma, shift[0]); k != Eliminated {
					t.Fatalf("size %d: %d", n, k)
				}
				for i, v := range rw {
					if got := w[LaneEntry*i]; !(math.Abs(got-v) <= 1e-14*math.Abs(v)*float64(n)+1e-15) {
						t.Fatalf("size %d: factor %d is %g in a lane and %g alone", n, i, got, v)
					}
				}
				for i, v := range rinv {
					if got := inv[LaneEntry*i]; !(math.Abs(got-v) <= 1e-14*math.Abs(v)*float64(n)) {
						t.Fatalf("size %d: inverse pivot %d is %g in a lane and %g alone", n, i, got, v)
					}
				}
			}
		})
	}
}

// solvesLanes checks that x solves (shift·M − gamma·A) x = b in every lane; a row may be off by tol·n·(floor + the sum of its terms' magnitudes).
func solvesLanes(t *testing.T, a, mass []float64, gamma float64, shift *[LaneEntry]float64, x, b []float64, tol, floor float64) {
	t.Helper()
	n := len(mass)
	for lane := range 4 {
		at := func(v []float64, i int) complex128 {
			return complex(v[LaneEntry*i+lane], v[LaneEntry*i+lane+4])
		}
		for i := range n {
			residual, size := at(b, i), floor
			for j := range n {
				m := complex(-gamma*a[i*n+j], 0)
				if i == j {
					m += complex(shift[lane]*mass[i], shift[lane+4]*mass[i])
				}
				residual -= m * at(x, j)
				size += cmplx.Abs(m) * cmplx.Abs(at(x, j))
			}
			if !(cmplx.Abs(residual) <= tol*float64(n)*size) {
				t.Fatalf("size %d, lane %d: row %d is off by %g of %g", n, lane, i, cmplx.Abs(residual), size)
			}
		}
	}
}

// real is the same pattern with single numbers for entries.
func (s *sparseSystem) real() *sparseSystem {
	r := *s
	r.size = 1
	r.Given, r.Rows, r.Growth = append([]int32(nil), s.Given...), append([]int32(nil), s.Rows...), append([]int32(nil), s.Growth...)
	for i := range r.Growth {
		r.Growth[i] /= LaneEntry
	}
	for i := 0; i < len(r.Given); i += 3 {
		r.Given[i+1] /= LaneEntry
		r.Given[i+2] /= LaneEntry
	}
	for i := 0; i < len(r.Rows); {
		count := r.Rows[i]
		i++
		for range count {
			r.Rows[i] /= LaneEntry
			r.Rows[i+1] /= LaneEntry
			targets := int(r.Rows[i+2])
			for j := range targets {
				r.Rows[i+3+j] /= LaneEntry
			}
			i += 3 + targets
		}
	}
	return &r
}

// Pivots that cannot be inverted, steep multipliers, growth and what is not a number are seen, in whichever lane they are.
func TestSparseLanesRefuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 2))
	for _, impl := range impls() {
		t.Run(impl, func(t *testing.T) {
			defer useImpl(impl)()
			const n = 5
			s := newSparseSystem(rng, n, LaneEntry)
			r := s.real()
			status := func(shift [LaneEntry]float64, values []float64) (lanes, real int) {
				w, inv, largest := s.numbers()
				lanes = s.EliminateLanes(w, inv, largest, values, 1, &shift)
				w, inv, largest = r.numbers()
				return lanes, r.EliminateReal(w, inv, largest, values, 1, shift[0])
			}
			fine := [LaneEntry]float64{1, 1, 1, 1, 0, 1, 1, 1}
			if a, b := status(fine, s.values); a != Eliminated || b != Eliminated {
				t.Fatalf("a dominant matrix: %d and %d", a, b)
			}
			for lane := range 4 {
				for _, bad := range []float64{math.NaN(), math.Inf(1)} {
					shift := fine
					shift[lane] = bad
					a, b := status(shift, s.values)
					if a != 0 {
						t.Errorf("shift %g in lane %d: %d", bad, lane, a)
					}
					if lane == 0 && b != 0 {
						t.Errorf("shift %g: %d", bad, b)
					}
				}
			}
			for e := range s.values {
				values := append([]float64(nil), s.values...)
				values[e] = math.NaN()
				a, b := status(fine, values)
				if a == Eliminated || b == Eliminated {
					t.Errorf("value %d is NaN: %d and %d", e, a, b)
				}
				values[e] = 1e9
				row, col := s.Given[3*e+1], s.Given[3*e+2]
				if row < LaneEntry*int32(s.Elimination.Below) && col == 0 { // below the first pivot
					if a, b := status(fine, values); a != Unstable || b != Unstable {
						t.Errorf("value %d is large: %d and %d", e, a, b)
					}
				}
			}
			zero := make([]float64, len(s.values))
			if a, b := status([LaneEntry]float64{}, zero); a != 0 || b != 0 {
				t.Errorf("a matrix of zeros: %d and %d", a, b)
			}
		})
	}
}

func BenchmarkSparse(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 3))
	for _, n := range []int{8, 20} {
		s := newSparseSystem(rng, n, LaneEntry)
		r := s.real()
		shift := [LaneEntry]float64{0.7, 3, 5, 0.7, 0, 4, -2, 0}
		w, inv, largest := s.numbers()
		rw, rinv, rlargest := r.numbers()
		x := normals(rng, LaneEntry*n)
		for _, impl := range impls() {
			run := func(what string, f func()) {
				b.Run(fmt.Sprintf("%s/%d/impl=%s", what, n, impl), func(b *testing.B) {
					defer useImpl(impl)()
					for b.Loop() {
						f()
					}
				})
			}
			run("real", func() {
				clear(rw)
				r.EliminateReal(rw, rinv, rlargest, s.values, 0.3, 0.7)
			})
			run("lanes", func() {
				clear(w)
				s.EliminateLanes(w, inv, largest, s.values, 0.3, &shift)
			})
			run("solve", func() { s.Lanes(x, w, inv) })
		}
	}
}

// Columns along lists are those of the inverse of L·U.
func TestInvertLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 4))
	for _, impl := range impls() {
		t.Run(impl, func(t *testing.T) {
			defer useImpl(impl)()
			for n := 1; n <= 47; n++ {
				s := newSparseSystem(rng, n, 1)
				w, inv, largest := s.numbers()
				if k := s.EliminateReal(w, inv, largest, s.values, 1, 1); k != Eliminated {
					t.Fatalf("size %d: %d", n, k)
				}
				stride := RowStride(n)
				x, identity := make([]float64, n*stride), make([]float64, n*stride)
				for i := range n {
					identity[i*stride+i] = 1
				}
				InvertLists(x, identity, w, inv, s.inverseLists(stride), n, stride)
				for j := range n {
					for i := range n {
						got, size := 0.0, 0.0
						for k := range n {
							m := -s.a[i*n+k]
							if i == k {
								m += s.mass[i]
							}
							got += m * x[j*stride+k]
							size += math.Abs(m * x[j*stride+k])
						}
						if i == j {
							got--
						}
						if !(math.Abs(got) <= 1e-14*float64(n)*size) {
							t.Fatalf("size %d: element %d, %d of the product is off by %g of %g", n, i, j, got, size)
						}
					}
				}
			}
		})
	}
}

// inverseLists are the lists of InvertLists.
func (s *sparseSystem) inverseLists(stride int) (lists []int32) {
	n := s.Elimination.N
	// columns of both triangles, read off the rows
	columns := [2][][]int32{make([][]int32, n), make([][]int32, n)}
	entry, list := int32(0), s.Lower
	for k := range n {
		for _, c := range list[1 : 1+list[0]] {
			columns[1][c] = append(columns[1][c], entry, int32(k*stride))
			entry++
		}
		list = list[1+list[0]:]
	}
	entry, list = int32(s.Elimination.Below+s.Elimination.Above), s.Upper
	for k := n - 1; k >= 0; k-- {
		entry -= list[0]
		for j, c := range list[1 : 1+list[0]] {
			columns[0][c] = append(columns[0][c], entry+int32(j), int32(k*stride))
		}
		list = list[1+list[0]:]
	}
	for pass, of := range columns {
		for i := range n {
			c := i
			if pass == 1 {
				c = n - 1 - i
			}
			lists = append(append(lists, int32(c*stride), int32(len(of[c])/2)), of[c]...)
		}
	}
	return lists
}
