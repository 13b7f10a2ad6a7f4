package linalg

// number is what factors hold.
type number interface{ float64 | complex128 }

// substitute overwrites b with the solution of L U x = b, rows in the order of s. x is scratch space.
func substitute[T number](s *sparsity, l, u, inv, x, b []T) {
	order := s.order[:s.n]
	x = x[:s.n]
	p := 0
	for k := range x {
		v := b[order[k]]
		end := int(s.lower.start[k+1])
		row := l[p:end]
		for e, c := range s.lower.cols[p:end] {
			v -= row[e] * x[c]
		}
		x[k] = v
		p = end
	}
	end := len(u)
	for k := s.n - 1; k >= 0; k-- {
		v := x[k]
		q := int(s.upper.start[k])
		row := u[q:end]
		for e, c := range s.upper.cols[q:end] {
			v -= row[e] * x[c]
		}
		v *= inv[k]
		x[k] = v
		b[order[k]] = v
		end = q
	}
}

// substituteTransposed overwrites b with the solution of (L U)ᵀ x = b, without conjugation. x is scratch space.
func substituteTransposed[T number](s *sparsity, l, u, inv, x, b []T) {
	for k, i := range s.order {
		x[k] = b[i]
	}
	for k := range s.n {
		v := x[k] * inv[k]
		x[k] = v
		q := int(s.upper.start[k])
		for e, c := range s.upper.of(k) {
			x[c] -= u[q+e] * v
		}
	}
	for k := s.n - 1; k >= 0; k-- {
		v := x[k]
		p := int(s.lower.start[k])
		for e, c := range s.lower.of(k) {
			x[c] -= l[p+e] * v
		}
		b[s.order[k]] = v
	}
}
