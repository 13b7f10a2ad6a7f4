package sens

import "github.com/stiffnode/stiffnode/ode"

// marks are the checkpoints of a continuous adjoint: the states every so many steps of the forward solve, in the direction in which it
// ran. Interval i lies between checkpoint i and the next one, or the end.
type marks struct {
	every, count int
	t, y         []float64
	end          float64
	dir          float64
	at           int // the interval whose dense output is at hand; len(t) before any is
}

// start begins a solve.
func (m *marks) start(t0 float64, y0 []float64, every int) {
	m.every, m.count = every, 0
	m.t, m.y = append(m.t[:0], t0), append(m.y[:0], y0...)
}

// step notes the state after every so many steps.
func (m *marks) step(s *ode.Step) {
	if m.count++; m.count%m.every == 0 {
		m.t = append(m.t, s.TNew)
		at := len(m.y)
		for range len(m.y) / (len(m.t) - 1) {
			m.y = append(m.y, 0)
		}
		s.At(m.y[at:], s.TNew)
	}
}

// finish drops a checkpoint at the end.
func (m *marks) finish(t1 float64) {
	if n := len(m.t) - 1; n > 0 && m.t[n] == t1 {
		m.t = m.t[:n]
	}
	m.end, m.at = t1, len(m.t)
	m.dir = 1
	if t1 < m.t[0] {
		m.dir = -1
	}
}

// interval is the interval at hand.
func (m *marks) interval() (a, b float64) {
	b = m.end
	if m.at+1 < len(m.t) {
		b = m.t[m.at+1]
	}
	return m.t[m.at], b
}

// leave moves to the interval that ends at t or contains it and says whether that is another one. Times come in reverse.
func (m *marks) leave(t float64) bool {
	at := m.at
	if at == len(m.t) {
		at--
	}
	for at > 0 && (m.t[at]-t)*m.dir >= 0 {
		at--
	}
	changed := at != m.at
	m.at = at
	return changed
}

// stop is where a segment that is to end at next must end at the latest: at the start of the interval at hand.
func (m *marks) stop(next float64) float64 {
	if a := m.t[m.at]; (a-next)*m.dir > 0 {
		return a
	}
	return next
}
