package functions

import "math"

// PowellSingular is MGH 13, and 22 for n > 4 (n a multiple of 4): the Jacobian is singular at the minimum.
func PowellSingular(n int) *Problem {
	p := &Problem{Name: "Powell singular", Number: 13, M: n, N: n, Minima: []Minimum{{0, make([]float64, n)}}, Flat: true}
	if n > 4 {
		p.Name, p.Number = "extended Powell singular", 22
	}
	for range n / 4 {
		p.Start = append(p.Start, 3, -1, 0, 1)
	}
	s5, s10 := math.Sqrt(5), math.Sqrt(10)
	p.Eval = func(r, jac, x []float64) {
		for i := 0; i < n; i += 4 {
			a, b := x[i+1]-2*x[i+2], x[i]-x[i+3]
			r[i] = x[i] + 10*x[i+1]
			r[i+1] = s5 * (x[i+2] - x[i+3])
			r[i+2] = a * a
			r[i+3] = s10 * b * b
			if jac != nil {
				copy(row(jac, i, n)[i:], []float64{1, 10})
				copy(row(jac, i+1, n)[i+2:], []float64{s5, -s5})
				copy(row(jac, i+2, n)[i+1:], []float64{2 * a, -4 * a})
				row(jac, i+3, n)[i] = 2 * s10 * b
				row(jac, i+3, n)[i+3] = -2 * s10 * b
			}
		}
	}
	return p
}

// Wood is MGH 14.
func Wood() *Problem {
	s90, s10 := math.Sqrt(90), math.Sqrt(10)
	return &Problem{
		Name: "Wood", Number: 14, M: 6, N: 4, Start: []float64{-3, -1, -3, -1},
		Minima: []Minimum{{0, ones(4)}},
		Eval: func(r, jac, x []float64) {
			r[0] = 10 * (x[1] - x[0]*x[0])
			r[1] = 1 - x[0]
			r[2] = s90 * (x[3] - x[2]*x[2])
			r[3] = 1 - x[2]
			r[4] = s10 * (x[1] + x[3] - 2)
			r[5] = (x[1] - x[3]) / s10
			if jac != nil {
				copy(jac, []float64{
					-20 * x[0], 10, 0, 0,
					-1, 0, 0, 0,
					0, 0, -2 * s90 * x[2], s90,
					0, 0, -1, 0,
					0, s10, 0, s10,
					0, 1 / s10, 0, -1 / s10,
				})
			}
		},
	}
}

// KowalikOsborne is MGH 15.
func KowalikOsborne() *Problem {
	y := []float64{0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246}
	u := []float64{4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625}
	return &Problem{
		Name: "Kowalik–Osborne", Number: 15, M: 11, N: 4, Start: []float64{0.25, 0.39, 0.415, 0.39},
		Minima: []Minimum{{3.075056e-4, []float64{0.192807, 0.191282, 0.123057, 0.136062}}, {1.027345e-3, nil}},
		Eval: func(r, jac, x []float64) {
			for i := range 11 {
				num := u[i]*u[i] + u[i]*x[1]
				den := u[i]*u[i] + u[i]*x[2] + x[3]
				r[i] = y[i] - x[0]*num/den
				if jac != nil {
					f := x[0] * num / (den * den)
					copy(row(jac, i, 4), []float64{-num / den, -x[0] * u[i] / den, f * u[i], f})
				}
			}
		},
	}
}

// BrownDennis is MGH 16: its residuals are large at the minimum.
func BrownDennis(m int) *Problem {
	p := &Problem{Name: "Brown–Dennis", Number: 16, M: m, N: 4, Start: []float64{25, 5, -5, -1}}
	if m == 20 {
		p.Minima = []Minimum{{85822.2016, []float64{-11.5944, 13.2036, -0.403439, 0.236779}}}
	}
	p.Eval = func(r, jac, x []float64) {
		for i := range m {
			t := float64(i+1) / 5
			a := x[0] + t*x[1] - math.Exp(t)
			b := x[2] + x[3]*math.Sin(t) - math.Cos(t)
			r[i] = a*a + b*b
			if jac != nil {
				copy(row(jac, i, 4), []float64{2 * a, 2 * a * t, 2 * b, 2 * b * math.Sin(t)})
			}
		}
	}
	return p
}

// Osborne1 is MGH 17.
func Osborne1() *Problem {
	y := []float64{
		0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
		0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
		0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
	}
	return &Problem{
		Name: "Osborne 1", Number: 17, M: 33, N: 5, Start: []float64{0.5, 1.5, -1, 0.01, 0.02},
		Minima: []Minimum{{5.464895e-5, []float64{0.37541, 1.93585, -1.46469, 0.0128675, 0.0221227}}},
		Eval: func(r, jac, x []float64) {
			for i := range 33 {
				t := 10 * float64(i)
				a, b := math.Exp(-t*x[3]), math.Exp(-t*x[4])
				r[i] = y[i] - (x[0] + x[1]*a + x[2]*b)
				if jac != nil {
					copy(row(jac, i, 5), []float64{-1, -a, -b, t * x[1] * a, t * x[2] * b})
				}
			}
		},
	}
}

// BiggsExp6 is MGH 18.
func BiggsExp6(m int) *Problem {
	p := &Problem{
		Name: "Biggs EXP6", Number: 18, M: m, N: 6, Start: []float64{1, 2, 1, 1, 1, 1},
		Minima: []Minimum{{0, nil}},
	}
	if m == 13 {
		p.Minima = append(p.Minima, Minimum{5.655650e-3, nil})
	}
	p.Eval = func(r, jac, x []float64) {
		for i := range m {
			t := 0.1 * float64(i+1)
			y := math.Exp(-t) - 5*math.Exp(-10*t) + 3*math.Exp(-4*t)
			a, b, c := math.Exp(-t*x[0]), math.Exp(-t*x[1]), math.Exp(-t*x[4])
			r[i] = x[2]*a - x[3]*b + x[5]*c - y
			if jac != nil {
				copy(row(jac, i, 6), []float64{-t * x[2] * a, t * x[3] * b, a, -b, -t * x[5] * c, c})
			}
		}
	}
	return p
}

// Watson is MGH 20: ill-conditioned, the more so the larger n (2 to 31) is.
func Watson(n int) *Problem {
	p := &Problem{Name: "Watson", Number: 20, M: 31, N: n, Start: make([]float64, n)}
	switch n {
	case 6:
		p.Minima = []Minimum{{2.287670e-3, nil}}
	case 9:
		p.Minima = []Minimum{{1.399760e-6, nil}}
	case 12:
		p.Minima = []Minimum{{4.722381e-10, nil}}
	}
	p.Eval = func(r, jac, x []float64) {
		for i := range 29 {
			t := float64(i+1) / 29
			var value, slope float64
			power := 1.0
			for j := range n {
				value += x[j] * power
				if j+1 < n {
					slope += float64(j+1) * x[j+1] * power
				}
				power *= t
			}
			r[i] = slope - value*value - 1
			if jac == nil {
				continue
			}
			power = 1 / t
			for j := range n {
				row(jac, i, n)[j] = power * (float64(j) - 2*value*t)
				power *= t
			}
		}
		r[29] = x[0]
		r[30] = x[1] - x[0]*x[0] - 1
		if jac != nil {
			row(jac, 29, n)[0] = 1
			row(jac, 30, n)[0] = -2 * x[0]
			row(jac, 30, n)[1] = 1
		}
	}
	return p
}
