package problems

import "github.com/stiffnode/stiffnode/ode"

// E5 is a chemical pyrolysis whose species differ by twenty decades:
//
//	y1' = −A y1 − B y1 y3,  y2' = A y1 − M C y2 y3,  y4' = B y1 y3 − C y4,  y3' = y2' − y4'.
//
// y2 − y3 − y4 stays 0. Absolute tolerances must be small enough to see y2 and y3. y3' is formed from the other two because the sum of its
// four terms cancels: its roundoff would drive y2 − y3 − y4 away from 0 by more than y2 and y3 are worth at the end.
func E5() *Problem {
	names := numbered(4)
	params := []Param{{"A", 7.89e-10}, {"B", 1.1e7}, {"C", 1.13e3}, {"M", 1e6}}
	points, note := reference("e5")
	return &Problem{
		Name: "E5", Title: "chemical pyrolysis",
		Source: "Enright, Hull, Lindberg, Comparing numerical methods for stiff systems of O.D.E.s, BIT 15, 10 (1975), problem E5; Hairer and Wanner II, eq. IV.10.8",
		IVP: &ode.Problem{Dim: 4, Names: names, Autonomous: true, Scale: []float64{1.76e-3, 1.5e-10, 9e-12, 1.4e-10}, New: func() ode.Field {
			return newDenseField(pyrolysis{}, 4, params)
		}},
		T0: 0, T1: 1e13, Y0: []float64{1.76e-3, 0, 0, 0}, Params: params, TimeUnit: "s",
		Stiff: true, LogTime: true, Times: logarithmic(1e-3, 1e13, 60),
		ATol: uniform(4, 1e-16), Checks: []float64{10, 1e3, 1e5, 1e7, 1e9, 1e11, 1e13},
		Reference: points, ReferenceNote: note,
	}
}

type pyrolysis struct{}

func (pyrolysis) eval(dst []float64, at *point) error {
	y, a, b, c, m := at.y, at.p[0], at.p[1], at.p[2], at.p[3]
	p1, p2, p3, p4 := a*y[0], b*y[0]*y[2], m*c*y[1]*y[2], c*y[3]
	dst[0], dst[1], dst[3] = -p1-p2, p1-p3, p2-p4
	dst[2] = dst[1] - dst[3]
	return nil
}

func (pyrolysis) jacobian(jac, _, par []float64, at *point) {
	y, a, b, c, m := at.y, at.p[0], at.p[1], at.p[2], at.p[3]
	copy(jac, []float64{-a - b*y[2], 0, -b * y[0], 0})
	copy(jac[4:], []float64{a, -m * c * y[2], -m * c * y[1], 0})
	copy(jac[12:], []float64{b * y[2], 0, b * y[0], -c})
	copy(par, []float64{-y[0], -y[0] * y[2], 0, 0})
	copy(par[4:], []float64{y[0], 0, -m * y[1] * y[2], -c * y[1] * y[2]})
	copy(par[12:], []float64{0, y[0] * y[2], -y[3], 0})
	thirdRow(jac)
	thirdRow(par)
}

// thirdRow makes the third row of a 4×4 matrix the second less the fourth, as y3' is formed.
func thirdRow(a []float64) {
	for j := range 4 {
		a[8+j] = a[4+j] - a[12+j]
	}
}

func (pyrolysis) second(dy, dp, u []float64, _ float64, at *point) {
	y, b, c, m := at.y, at.p[1], at.p[2], at.p[3]
	copy(dy, []float64{-b * u[2], 0, -b * u[0], 0})
	copy(dy[4:], []float64{0, -m * c * u[2], -m * c * u[1], 0})
	copy(dy[12:], []float64{b * u[2], 0, b * u[0], 0})
	// derivatives of y1 y3 and y2 y3 along u
	d13, d23 := u[0]*y[2]+y[0]*u[2], u[1]*y[2]+y[1]*u[2]
	copy(dp, []float64{-u[0], -d13, 0, 0})
	copy(dp[4:], []float64{u[0], 0, -m * d23, -c * d23})
	copy(dp[12:], []float64{0, d13, -u[3], 0})
	thirdRow(dy)
	thirdRow(dp)
}
