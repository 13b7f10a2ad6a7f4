package kernel

// A StageKernel makes the stages of a linearly implicit step with the explicit inverse of its matrix W, in one call each:
//
//	u_i = hγ W⁻¹f_i + W⁻¹s_i,   to = y + Σ_{j≤i} a_j u_j,   s_{i+1} = Σ_{j≤i} c_j u_j.
//
// W⁻¹s is made ahead, at the end of the call before, so that it takes its time while f is evaluated. It pays where InversePays says so. The generator knows
// the order and size of the fields.
type StageKernel struct {
	inverse []float64 // by columns, stride apart
	u       []float64 // the stages, n numbers each
	sum     []float64 // s
	solved  []float64 // W⁻¹s
	stride  int
	n       int
	count   int // of stages
	scale   float64
}

// NewStageKernel returns one for steps of n unknowns whose stages are written into u, one after the other.
func NewStageKernel(n int, u []float64) *StageKernel {
	if n < 1 || n > LargestInverse || len(u)%n != 0 {
		panic("kernel: stages of a size that has no kernel")
	}
	return &StageKernel{u: u, sum: make([]float64, n), solved: make([]float64, n), n: n, count: len(u) / n}
}

// Begin begins a step with the inverse, whose columns lie stride apart, and hγ.
func (s *StageKernel) Begin(inverse []float64, stride int, scale float64) {
	if stride < s.n || len(inverse) < (s.n-1)*stride+s.n {
		panic("kernel: the inverse of a stage is too short")
	}
	s.inverse, s.stride, s.scale = inverse, stride, scale
	clear(s.solved)
}

// Stage makes stage i, the stages before it being made, and writes the first sum to to, which may be y. sums holds a_j and c_j in turn.
func (s *StageKernel) Stage(i int, to, y, f, sums []float64) {
	n := s.n
	if i < 0 || i >= s.count || len(to) < n || len(y) < n || len(f) < n || len(sums) < 2*(i+1) {
		panic("kernel: a stage with a slice too short")
	}
	s.stage(i, to, y, f, sums)
}

// Sum is the second sum of the stage made last.
func (s *StageKernel) Sum() []float64 { return s.sum }

func (s *StageKernel) stageGo(i int, to, y, f, sums []float64) {
	n := s.n
	u := s.u[i*n : (i+1)*n]
	s.multiplyGo(u, f[:n])
	for k, v := range s.solved {
		u[k] = s.scale*u[k] + v
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
	if i+1 < s.count {
		s.multiplyGo(s.solved, s.sum)
	}
}

// multiplyGo writes W⁻¹x into dst.
func (s *StageKernel) multiplyGo(dst, x []float64) {
	clear(dst)
	for j, v := range x {
		addScaledGo(dst, v, s.inverse[j*s.stride:j*s.stride+s.n])
	}
}
