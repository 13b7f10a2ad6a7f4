package bench

import (
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// Where errors grow, loose solves are wrong by more than mustFlag, and Verify must say so of every one.
func TestVerifyFlagsLargeErrors(t *testing.T) {
	cases, err := unrulyNetworks(10)
	if err != nil {
		t.Fatal(err)
	}
	methods := []ode.Method{ode.Tsit5, ode.Rosenbrock23, ode.KenCarp4, ode.KenCarp4IMEX, ode.Radau, ode.BDF}
	results, err := solveAll(t.Context(), cases, methods)
	if err != nil {
		t.Fatal(err)
	}
	if n := largeErrors(results); n < len(cases) {
		t.Errorf("only %d errors are large: the networks test nothing", n)
	}
	for i, row := range results {
		for j, s := range row {
			if s.err > mustFlag && !s.flagged {
				t.Errorf("network %d, %s: error %g not flagged", i, methods[j].Info().Name, s.err)
			}
		}
	}
	var r Report
	r.distribution("", cases, methods, results)
	if r.Failed() {
		t.Error("the report fails although all is well")
	}
	// the report must fail when a single large error passes unflagged
	results[0][0] = looseSolve{err: 2 * mustFlag}
	r = Report{}
	r.distribution("", cases, methods, results)
	if !r.Failed() || r.Claims[0].Agrees || !strings.HasPrefix(r.Claims[0].Text, "Tsit5") {
		t.Errorf("an error that was not flagged passed: %+v", r.Claims)
	}
}

// An error planted in the first of Verify's two solves is flagged: the right-hand side is off by a tenth there and right in the second.
func TestVerifyFlagsPlantedError(t *testing.T) {
	honest := ode.FuncJacobian(2,
		func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = -y[0], 1e4*(y[0]*y[0]-y[1]) },
		func(j *ode.Jacobian, _ float64, y []float64) {
			j.Set(0, 0, -1)
			j.Set(1, 0, 2e4*y[0])
			j.Set(1, 1, -1e4)
		})
	for _, planted := range []bool{false, true} {
		c := networkCase{y0: []float64{1, 1}, t1: 2, times: []float64{0, 0.5, 1, 2}}
		ref := &ode.Solution{}
		for _, at := range c.times {
			ref.Y = append(ref.Y, math.Exp(-at), math.Exp(-2*at)*1e4/(1e4-2)+(1-1e4/(1e4-2.))*math.Exp(-1e4*at))
		}
		p := *honest
		solves := 0
		p.New = func() ode.Field {
			solves++
			f := honest.New()
			if planted && solves == 1 {
				return slowedField{f}
			}
			return f
		}
		c.problem = &p
		s := c.loose(t.Context(), ode.Rodas5P, ref)
		if s.failed || s.flagged != planted || (s.err > mustFlag) != planted {
			t.Errorf("planted %v: %+v", planted, s)
		}
	}
}

// slowedField is a right-hand side made smaller by a tenth.
type slowedField struct{ ode.Field }

func (f slowedField) Eval(dst []float64, t float64, y []float64) error {
	err := f.Field.Eval(dst, t, y)
	for i := range dst {
		dst[i] *= 0.9
	}
	return err
}

func (f slowedField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	err := f.Field.EvalJacobian(dst, jac, dfdt, t, y)
	for i := range dst {
		dst[i] *= 0.9
	}
	for i := range jac.Data {
		jac.Data[i] *= 0.9
	}
	return err
}
