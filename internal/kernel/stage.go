package kernel

// A StageKernel makes the stages of a linearly implicit step with the explicit inverse of its matrix W, in one call each:
//
//	u_i = W⁻¹(hγ f_i + s_i),   to = y + Σ_{j≤i} a_j u_j,   s_{i+1} = Σ_{j≤i} c_j u_j.
//
// It pays where StagesPay says so. The generator knows the order and size of the fields.
type StageKernel struct {
	inverse []float64 // by columns, stride apart
	u       []float64 // the stages, n numbers each
	sum     []float64 // s
	stride  int
	n       int
	scale   float64 // hγ
}

// smallestStages is the size from which all that a StageKernel saves makes up for an inverse that takes longer than factors.
const smallestStages = 2

// StagesPay says whether the stages of steps of n unknowns are made fastest with an explicit inverse.
func StagesPay(n int) bool { return n >= smallestStages && n <= LargestInverse && inverseKernel() }

// NewStageKernel returns one for steps of n unknowns whose stages are written into u, one after the other.
func NewStageKernel(n int, u []float64) *StageKernel {
	if n < 1 || n > LargestInverse || len(u)%n != 0 {
		panic("kernel: stages of a size that has no kernel")
	}
	return &StageKernel{u: u, sum: Vectors(1, n)[0], n: n}
}

// Begin begins a step with the inverse, whose columns lie stride apart, and hγ.
func (s *StageKernel) Begin(inverse []float64, stride int, scale float64) {
	if stride < s.n || len(inverse) < (s.n-1)*stride+s.n {
		panic("kernel: the inverse of a stage is too short")
	}
	s.inverse, s.stride, s.scale = inverse, stride, scale
	clear(s.sum)
}

// Stage makes stage i, the stages before it being made, and writes the first sum to to, one of Vectors, which may be y. sums holds a_j and c_j in turn.
func (s *StageKernel) Stage(i int, to, y, f, sums []float64) {
	n := s.n
	if i < 0 || (i+1)*n > len(s.u) || cap(to) < Padded(n) || len(y) < n || len(f) < n || len(sums) < 2*(i+1) {
		panic("kernel: a stage with a slice too short")
	}
	s.stage(i, to, y, f, sums)
}

// Sum is the second sum of the stage made last.
func (s *StageKernel) Sum() []float64 { return s.sum }

func (s *StageKernel) stageGo(i int, to, y, f, sums []float64) {
	n := s.n
	u := s.u[i*n : (i+1)*n]
	clear(u)
	for j, v := range f[:n] {
		addScaledGo(u, s.scale*v+s.sum[j], s.inverse[j*s.stride:j*s.stride+n])
	}
	copy(to, y[:n])
	clear(s.sum)
	for j := range i + 1 {
		a, c := sums[2*j], sums[2*j+1]
		for k, v := range s.u[j*n : (j+1)*n] {
			to[k] += a * v
			s.sum[k] += c * v
		}
	}
}
