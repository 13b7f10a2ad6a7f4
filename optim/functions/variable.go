package functions

import "math"

// VariablyDimensioned is MGH 25.
func VariablyDimensioned(n int) *Problem {
	p := &Problem{Name: "variably dimensioned", Number: 25, M: n + 2, N: n, Minima: []Minimum{{0, ones(n)}}}
	for j := range n {
		p.Start = append(p.Start, 1-float64(j+1)/float64(n))
	}
	p.Eval = func(r, jac, x []float64) {
		var s float64
		for j := range n {
			r[j] = x[j] - 1
			s += float64(j+1) * (x[j] - 1)
		}
		r[n], r[n+1] = s, s*s
		if jac == nil {
			return
		}
		for j := range n {
			row(jac, j, n)[j] = 1
			row(jac, n, n)[j] = float64(j + 1)
			row(jac, n+1, n)[j] = 2 * s * float64(j+1)
		}
	}
	return p
}

// Trigonometric is MGH 26. It has local minima besides its zero, such as the published one for n = 10.
func Trigonometric(n int) *Problem {
	p := &Problem{
		Name: "trigonometric", Number: 26, M: n, N: n, Start: filled(n, 1/float64(n)),
		Minima: []Minimum{{0, nil}},
	}
	if n == 10 {
		p.Minima = append(p.Minima, Minimum{2.795061e-5, nil})
	}
	p.Eval = func(r, jac, x []float64) {
		s := float64(n)
		for _, v := range x {
			s -= math.Cos(v)
		}
		for i := range n {
			k := float64(i + 1)
			r[i] = s + k*(1-math.Cos(x[i])) - math.Sin(x[i])
			if jac == nil {
				continue
			}
			for j := range n {
				row(jac, i, n)[j] = math.Sin(x[j])
			}
			row(jac, i, n)[i] += k*math.Sin(x[i]) - math.Cos(x[i])
		}
	}
	return p
}

// BrownAlmostLinear is MGH 27.
func BrownAlmostLinear(n int) *Problem {
	p := &Problem{
		Name: "Brown almost-linear", Number: 27, M: n, N: n, Start: filled(n, 0.5),
		Minima: []Minimum{{0, nil}, {1, nil}},
	}
	p.Eval = func(r, jac, x []float64) {
		sum, prod := 0.0, 1.0
		for _, v := range x {
			sum += v
			prod *= v
		}
		for i := range n - 1 {
			r[i] = x[i] + sum - float64(n+1)
		}
		r[n-1] = prod - 1
		if jac == nil {
			return
		}
		for i := range n - 1 {
			for j := range n {
				row(jac, i, n)[j] = 1
			}
			row(jac, i, n)[i] = 2
		}
		for j := range n {
			others := 1.0
			for k, v := range x {
				if k != j {
					others *= v
				}
			}
			row(jac, n-1, n)[j] = others
		}
	}
	return p
}

// DiscreteBoundaryValue is MGH 28.
func DiscreteBoundaryValue(n int) *Problem {
	p := &Problem{Name: "discrete boundary value", Number: 28, M: n, N: n, Minima: []Minimum{{0, nil}}}
	h := 1 / float64(n+1)
	for j := range n {
		t := h * float64(j+1)
		p.Start = append(p.Start, t*(t-1))
	}
	p.Eval = func(r, jac, x []float64) {
		for i := range n {
			c := x[i] + h*float64(i+1) + 1
			r[i] = 2*x[i] + h*h*c*c*c/2
			if i > 0 {
				r[i] -= x[i-1]
			}
			if i+1 < n {
				r[i] -= x[i+1]
			}
			if jac == nil {
				continue
			}
			row(jac, i, n)[i] = 2 + 1.5*h*h*c*c
			if i > 0 {
				row(jac, i, n)[i-1] = -1
			}
			if i+1 < n {
				row(jac, i, n)[i+1] = -1
			}
		}
	}
	return p
}

// DiscreteIntegral is MGH 29.
func DiscreteIntegral(n int) *Problem {
	p := DiscreteBoundaryValue(n)
	p.Name, p.Number = "discrete integral equation", 29
	h := 1 / float64(n+1)
	p.Eval = func(r, jac, x []float64) {
		for i := range n {
			ti := h * float64(i+1)
			r[i] = x[i]
			for j := range n {
				tj := h * float64(j+1)
				weight := h / 2 * tj * (1 - ti)
				if j > i {
					weight = h / 2 * ti * (1 - tj)
				}
				c := x[j] + tj + 1
				r[i] += weight * c * c * c
				if jac != nil {
					row(jac, i, n)[j] = 3 * weight * c * c
				}
			}
			if jac != nil {
				row(jac, i, n)[i]++
			}
		}
	}
	return p
}

// BroydenTridiagonal is MGH 30.
func BroydenTridiagonal(n int) *Problem {
	p := &Problem{Name: "Broyden tridiagonal", Number: 30, M: n, N: n, Start: filled(n, -1), Minima: []Minimum{{0, nil}}}
	p.Eval = func(r, jac, x []float64) {
		for i := range n {
			r[i] = (3-2*x[i])*x[i] + 1
			if i > 0 {
				r[i] -= x[i-1]
			}
			if i+1 < n {
				r[i] -= 2 * x[i+1]
			}
			if jac == nil {
				continue
			}
			row(jac, i, n)[i] = 3 - 4*x[i]
			if i > 0 {
				row(jac, i, n)[i-1] = -1
			}
			if i+1 < n {
				row(jac, i, n)[i+1] = -2
			}
		}
	}
	return p
}

// LinearFullRank is MGH 32, for m ≥ n.
func LinearFullRank(n, m int) *Problem {
	p := &Problem{
		Name: "linear, full rank", Number: 32, M: m, N: n, Start: ones(n),
		Minima: []Minimum{{float64(m - n), filled(n, -1)}},
	}
	p.Eval = func(r, jac, x []float64) {
		var s float64
		for _, v := range x {
			s += v
		}
		for i := range m {
			r[i] = -2*s/float64(m) - 1
			if i < n {
				r[i] += x[i]
			}
			if jac == nil {
				continue
			}
			for j := range n {
				row(jac, i, n)[j] = -2 / float64(m)
			}
			if i < n {
				row(jac, i, n)[i]++
			}
		}
	}
	return p
}

// LinearRank1 is MGH 33: a Jacobian of rank 1.
func LinearRank1(n, m int) *Problem {
	fm := float64(m)
	p := &Problem{
		Name: "linear, rank 1", Number: 33, M: m, N: n, Start: ones(n),
		Minima: []Minimum{{fm * (fm - 1) / (2 * (2*fm + 1)), nil}},
	}
	p.Eval = func(r, jac, x []float64) {
		var s float64
		for j, v := range x {
			s += float64(j+1) * v
		}
		for i := range m {
			r[i] = float64(i+1)*s - 1
			if jac == nil {
				continue
			}
			for j := range n {
				row(jac, i, n)[j] = float64((i + 1) * (j + 1))
			}
		}
	}
	return p
}

// LinearRank1Zero is MGH 34: a Jacobian of rank 1 with rows and columns of zeros.
func LinearRank1Zero(n, m int) *Problem {
	fm := float64(m)
	p := &Problem{
		Name: "linear, rank 1, zero columns and rows", Number: 34, M: m, N: n, Start: ones(n),
		Minima: []Minimum{{(fm*fm + 3*fm - 6) / (2 * (2*fm - 3)), nil}},
	}
	p.Eval = func(r, jac, x []float64) {
		var s float64
		for j := 1; j < n-1; j++ {
			s += float64(j+1) * x[j]
		}
		r[0], r[m-1] = -1, -1
		for i := 1; i < m-1; i++ {
			r[i] = float64(i)*s - 1
			if jac == nil {
				continue
			}
			for j := 1; j < n-1; j++ {
				row(jac, i, n)[j] = float64(i * (j + 1))
			}
		}
	}
	return p
}

// Chebyquad is MGH 35 with m = n.
func Chebyquad(n int) *Problem {
	p := &Problem{Name: "Chebyquad", Number: 35, M: n, N: n}
	switch n {
	case 8:
		p.Minima = []Minimum{{3.516874e-3, nil}}
	case 10:
		p.Minima = []Minimum{{6.503955e-3, nil}, {4.772714e-3, nil}}
	default:
		p.Minima = []Minimum{{0, nil}}
	}
	for j := range n {
		p.Start = append(p.Start, float64(j+1)/float64(n+1))
	}
	p.Eval = func(r, jac, x []float64) {
		clear(r)
		fn := float64(n)
		for j, v := range x {
			// Shifted Chebyshev polynomials and their derivatives by their recurrences.
			y := 2*v - 1
			t0, t1 := 1.0, y
			d0, d1 := 0.0, 2.0
			for i := range n {
				r[i] += t1 / fn
				if jac != nil {
					row(jac, i, n)[j] = d1 / fn
				}
				t0, t1 = t1, 2*y*t1-t0
				d0, d1 = d1, 4*t0+2*y*d1-d0
			}
		}
		for i := 1; i < n; i += 2 {
			r[i] += 1 / (sq(float64(i+1)) - 1)
		}
	}
	return p
}
