// Package functions holds least-squares problems with known minima, to test and compare methods with. They are those of Moré, Garbow
// and Hillstrom, "Testing unconstrained optimization software", ACM Transactions on Mathematical Software 7 (1981), 17–41, called
// MGH here, with their numbers, starting points and minima.
package functions

import (
	"context"
	"math"
)

// Problem is a least-squares problem: the residuals fᵢ of m equations in n unknowns. It implements the interface optim.Residuals.
// The minima are those of Σ fᵢ², as published, without the factor ½.
type Problem struct {
	Name   string
	Number int // in MGH
	M, N   int
	Start  []float64
	Minima []Minimum
	// Eval writes the residuals, m of them, and, where jac is not nil, their Jacobian, m×n in row-major order.
	Eval func(r, jac, x []float64)
	// Flat says that the Jacobian has not full rank at a minimum, where methods converge slowly.
	Flat bool
}

// Minimum is a point where Σ fᵢ² has a local minimum.
type Minimum struct {
	F float64
	X []float64 // nil where it is not known or not unique
}

// Dims implements optim.Residuals.
func (p *Problem) Dims() (residuals, params int) { return p.M, p.N }

// Residual implements optim.Residuals.
func (p *Problem) Residual(_ context.Context, r, x []float64) error {
	p.Eval(r, nil, x)
	return nil
}

// ResidualJacobian implements optim.Residuals.
func (p *Problem) ResidualJacobian(_ context.Context, r, jac, x []float64) error {
	clear(jac)
	p.Eval(r, jac, x)
	return nil
}

// row returns the i-th row of a Jacobian of n columns.
func row(jac []float64, i, n int) []float64 { return jac[i*n : (i+1)*n] }

// All returns the problems, of usual sizes.
func All() []*Problem {
	return []*Problem{
		Rosenbrock(2), FreudensteinRoth(), PowellBadlyScaled(), BrownBadlyScaled(), Beale(), JennrichSampson(10), HelicalValley(),
		Bard(), Gaussian(), Meyer(), Box3D(10), PowellSingular(4), Wood(), KowalikOsborne(), BrownDennis(20), Osborne1(), BiggsExp6(13),
		Watson(6), Watson(9), Watson(12), Rosenbrock(10), PowellSingular(12), VariablyDimensioned(10), Trigonometric(10),
		BrownAlmostLinear(10), DiscreteBoundaryValue(10), DiscreteIntegral(10), BroydenTridiagonal(10),
		LinearFullRank(10, 20), LinearRank1(5, 10), LinearRank1Zero(5, 10), Chebyquad(8),
	}
}

func ones(n int) []float64 { return filled(n, 1) }

func filled(n int, v float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = v
	}
	return x
}

func sq(x float64) float64 { return x * x }

// Rosenbrock is MGH 1, and 21 for n > 2 (n even): a curved valley.
func Rosenbrock(n int) *Problem {
	p := &Problem{Name: "Rosenbrock", Number: 1, M: n, N: n, Minima: []Minimum{{0, ones(n)}}}
	if n > 2 {
		p.Name, p.Number = "extended Rosenbrock", 21
	}
	for range n / 2 {
		p.Start = append(p.Start, -1.2, 1)
	}
	p.Eval = func(r, jac, x []float64) {
		for i := 0; i < n; i += 2 {
			r[i] = 10 * (x[i+1] - x[i]*x[i])
			r[i+1] = 1 - x[i]
			if jac != nil {
				row(jac, i, n)[i] = -20 * x[i]
				row(jac, i, n)[i+1] = 10
				row(jac, i+1, n)[i] = -1
			}
		}
	}
	return p
}

// FreudensteinRoth is MGH 2: it has a local minimum that is not a zero, and the starting point leads there.
func FreudensteinRoth() *Problem {
	return &Problem{
		Name: "Freudenstein–Roth", Number: 2, M: 2, N: 2, Start: []float64{0.5, -2},
		Minima: []Minimum{{0, []float64{5, 4}}, {48.98425, []float64{11.4128, -0.896805}}},
		Eval: func(r, jac, x []float64) {
			y := x[1]
			r[0] = -13 + x[0] + ((5-y)*y-2)*y
			r[1] = -29 + x[0] + ((y+1)*y-14)*y
			if jac != nil {
				copy(jac, []float64{1, (10-3*y)*y - 2, 1, (3*y+2)*y - 14})
			}
		},
	}
}

// PowellBadlyScaled is MGH 3.
func PowellBadlyScaled() *Problem {
	return &Problem{
		Name: "Powell badly scaled", Number: 3, M: 2, N: 2, Start: []float64{0, 1},
		Minima: []Minimum{{0, []float64{1.098159e-5, 9.106147}}},
		Eval: func(r, jac, x []float64) {
			a, b := math.Exp(-x[0]), math.Exp(-x[1])
			r[0] = 1e4*x[0]*x[1] - 1
			r[1] = a + b - 1.0001
			if jac != nil {
				copy(jac, []float64{1e4 * x[1], 1e4 * x[0], -a, -b})
			}
		},
	}
}

// BrownBadlyScaled is MGH 4.
func BrownBadlyScaled() *Problem {
	return &Problem{
		Name: "Brown badly scaled", Number: 4, M: 3, N: 2, Start: []float64{1, 1},
		Minima: []Minimum{{0, []float64{1e6, 2e-6}}},
		Eval: func(r, jac, x []float64) {
			r[0] = x[0] - 1e6
			r[1] = x[1] - 2e-6
			r[2] = x[0]*x[1] - 2
			if jac != nil {
				copy(jac, []float64{1, 0, 0, 1, x[1], x[0]})
			}
		},
	}
}

// Beale is MGH 5.
func Beale() *Problem {
	y := []float64{1.5, 2.25, 2.625}
	return &Problem{
		Name: "Beale", Number: 5, M: 3, N: 2, Start: []float64{1, 1},
		Minima: []Minimum{{0, []float64{3, 0.5}}},
		Eval: func(r, jac, x []float64) {
			for i := range 3 {
				e := float64(i + 1)
				w := math.Pow(x[1], e)
				r[i] = y[i] - x[0]*(1-w)
				if jac != nil {
					copy(row(jac, i, 2), []float64{w - 1, x[0] * e * math.Pow(x[1], e-1)})
				}
			}
		},
	}
}

// JennrichSampson is MGH 6.
func JennrichSampson(m int) *Problem {
	p := &Problem{Name: "Jennrich–Sampson", Number: 6, M: m, N: 2, Start: []float64{0.3, 0.4}}
	if m == 10 {
		p.Minima = []Minimum{{124.3622, []float64{0.257825, 0.257825}}}
	}
	p.Eval = func(r, jac, x []float64) {
		for i := range m {
			t := float64(i + 1)
			a, b := math.Exp(t*x[0]), math.Exp(t*x[1])
			r[i] = 2 + 2*t - (a + b)
			if jac != nil {
				copy(row(jac, i, 2), []float64{-t * a, -t * b})
			}
		}
	}
	return p
}

// HelicalValley is MGH 7.
func HelicalValley() *Problem {
	return &Problem{
		Name: "helical valley", Number: 7, M: 3, N: 3, Start: []float64{-1, 0, 0},
		Minima: []Minimum{{0, []float64{1, 0, 0}}},
		Eval: func(r, jac, x []float64) {
			theta := math.Atan(x[1]/x[0]) / (2 * math.Pi)
			if x[0] < 0 {
				theta += 0.5
			}
			s := math.Hypot(x[0], x[1])
			r[0] = 10 * (x[2] - 10*theta)
			r[1] = 10 * (s - 1)
			r[2] = x[2]
			if jac != nil {
				c := 100 / (2 * math.Pi * s * s)
				copy(jac, []float64{c * x[1], -c * x[0], 10, 10 * x[0] / s, 10 * x[1] / s, 0, 0, 0, 1})
			}
		},
	}
}

// Bard is MGH 8.
func Bard() *Problem {
	y := []float64{0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39}
	return &Problem{
		Name: "Bard", Number: 8, M: 15, N: 3, Start: ones(3),
		Minima: []Minimum{{8.214877e-3, []float64{0.0824106, 1.133036, 2.343695}}, {17.42869, nil}},
		Eval: func(r, jac, x []float64) {
			for i := range 15 {
				u, v := float64(i+1), float64(15-i)
				w := math.Min(u, v)
				d := v*x[1] + w*x[2]
				r[i] = y[i] - (x[0] + u/d)
				if jac != nil {
					copy(row(jac, i, 3), []float64{-1, u * v / (d * d), u * w / (d * d)})
				}
			}
		},
	}
}

// Gaussian is MGH 9.
func Gaussian() *Problem {
	y := []float64{
		0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989,
		0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009,
	}
	return &Problem{
		Name: "Gaussian", Number: 9, M: 15, N: 3, Start: []float64{0.4, 1, 0},
		Minima: []Minimum{{1.127933e-8, []float64{0.398956, 1.000019, 0}}},
		Eval: func(r, jac, x []float64) {
			for i := range 15 {
				d := float64(7-i)/2 - x[2]
				e := math.Exp(-x[1] * d * d / 2)
				r[i] = x[0]*e - y[i]
				if jac != nil {
					copy(row(jac, i, 3), []float64{e, -x[0] * e * d * d / 2, x[0] * e * x[1] * d})
				}
			}
		},
	}
}

// Meyer is MGH 10: badly scaled and strongly curved.
func Meyer() *Problem {
	y := []float64{
		34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872,
	}
	return &Problem{
		Name: "Meyer", Number: 10, M: 16, N: 3, Start: []float64{0.02, 4000, 250},
		Minima: []Minimum{{87.94586, []float64{0.005609637, 6181.346, 345.2236}}},
		Eval: func(r, jac, x []float64) {
			for i := range 16 {
				d := 45 + 5*float64(i+1) + x[2]
				e := math.Exp(x[1] / d)
				r[i] = x[0]*e - y[i]
				if jac != nil {
					copy(row(jac, i, 3), []float64{e, x[0] * e / d, -x[0] * e * x[1] / (d * d)})
				}
			}
		},
	}
}

// Box3D is MGH 12. Its zeros form a line and two points.
func Box3D(m int) *Problem {
	return &Problem{
		Name: "Box three-dimensional", Number: 12, M: m, N: 3, Start: []float64{0, 10, 20},
		Minima: []Minimum{{0, nil}},
		Eval: func(r, jac, x []float64) {
			for i := range m {
				t := 0.1 * float64(i+1)
				a, b := math.Exp(-t*x[0]), math.Exp(-t*x[1])
				c := math.Exp(-t) - math.Exp(-10*t)
				r[i] = a - b - x[2]*c
				if jac != nil {
					copy(row(jac, i, 3), []float64{-t * a, t * b, -c})
				}
			}
		},
	}
}
