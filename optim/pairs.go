package optim

import "github.com/stiffnode/stiffnode/internal/kernel"

// pairs are the last steps s and the changes y of the gradient along them, and make an approximation of the inverse Hessian.
type pairs struct {
	n, store int
	s, y     []float64 // ring of store vectors of n
	rho      []float64 // 1/sᵀy
	gamma    float64   // sᵀy/yᵀy of the newest
	count    int       // pairs in use
	newest   int       // slot of the newest
	alpha    []float64 // scratch
}

func newPairs(n, store int) pairs {
	return pairs{
		n: n, store: store, s: make([]float64, n*store), y: make([]float64, n*store),
		rho: make([]float64, store), alpha: make([]float64, store), gamma: 1,
	}
}

func (h *pairs) at(v []float64, slot int) []float64 { return v[slot*h.n : (slot+1)*h.n] }

// push remembers a step and the gradients at its end and start. A pair that would not keep the approximation positive
// definite is left out (Nocedal and Wright 2006, page 537).
func (h *pairs) push(step, end, start []float64) {
	slot := (h.newest + 1) % h.store
	s, y := h.at(h.s, slot), h.at(h.y, slot)
	copy(s, step)
	for i := range y {
		y[i] = end[i] - start[i]
	}
	sy, yy := kernel.Dot(s, y), kernel.Dot(y, y)
	if !(sy > 1e-12*Norm(s)*Norm(y)) || yy == 0 {
		return
	}
	h.rho[slot], h.gamma = 1/sy, sy/yy
	h.newest = slot
	h.count = min(h.count+1, h.store)
}

// apply writes H v by the two-loop recursion (Nocedal and Wright 2006, Algorithm 7.4).
func (h *pairs) apply(dst, v []float64) {
	copy(dst, v)
	if h.count == 0 {
		return
	}
	for i := range h.count {
		slot := (h.newest - i + h.store) % h.store
		h.alpha[slot] = h.rho[slot] * kernel.Dot(h.at(h.s, slot), dst)
		kernel.AddScaled(dst, -h.alpha[slot], h.at(h.y, slot))
	}
	for i := range dst {
		dst[i] *= h.gamma
	}
	for i := h.count - 1; i >= 0; i-- {
		slot := (h.newest - i + h.store) % h.store
		beta := h.rho[slot] * kernel.Dot(h.at(h.y, slot), dst)
		kernel.AddScaled(dst, h.alpha[slot]-beta, h.at(h.s, slot))
	}
}

func (h *pairs) write(w *stateWriter) {
	w.vector(h.s)
	w.vector(h.y)
	w.vector(h.rho)
	w.float64(h.gamma)
	w.int(h.count)
	w.int(h.newest)
}

func (h *pairs) read(r *stateReader) pairs {
	p := *h
	p.s, p.y, p.rho = r.vector(len(h.s)), r.vector(len(h.y)), r.vector(len(h.rho))
	p.gamma = r.float64()
	p.count, p.newest = r.int(), r.int()
	if r.err == nil && (p.count > h.store || p.newest >= h.store) {
		r.fail("counts %d pairs where %d are stored", p.count, h.store)
	}
	return p
}
