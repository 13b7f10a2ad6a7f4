package bench

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// wrongVJP returns VJPs that are off by a part in a hundred.
type wrongVJP struct{ ode.ParamField }

func (f wrongVJP) VJP(gy, gp, w []float64) {
	off := slices.Clone(w)
	off[0] *= 1.01
	f.ParamField.VJP(gy, gp, off)
}

// The agreement study passes on a right problem and fails where products are wrong.
func TestAgreementStudySeesWrongProducts(t *testing.T) {
	methods := []sens.Method{sens.DiscreteReverse{}, sens.GaussAdjoint{}}
	for _, wrong := range []bool{false, true} {
		c, err := robertsonGradient(1e5)
		if err != nil {
			t.Fatal(err)
		}
		if wrong {
			right, p := c.problem, *c.problem
			p.New = func() ode.Field { return wrongVJP{right.New().(ode.ParamField)} }
			broken := *c
			broken.problem = &p
			c = &broken
		}
		r, err := c.agreement(t.Context(), []ode.Method{ode.Rodas5P}, methods)
		if err != nil {
			t.Fatal(err)
		}
		if r.Failed() != wrong {
			t.Errorf("products wrong: %t, study failed: %t: %+v", wrong, r.Failed(), r.Claims)
		}
	}
}

// The memory study's claims hold on few steps, some of its bounds ask for checkpoints, and it counts what a gradient allocates.
func TestMemoryStudy(t *testing.T) {
	r, err := gradientMemory(t.Context(), 200, 2000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Claims {
		if !c.Agrees {
			t.Error(c.Text)
		}
	}
}

// Counted operations grow linearly with m and at most with the cube of k; that a time has been measured everywhere is all that is
// said of times.
func TestCostStudy(t *testing.T) {
	var w work
	c, err := costCase(4, []int{50, 50}, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := counted(c.problem, &w).New().(ode.ParamField)
	m := float64(f.NumParams())
	f.Bind(c.params)
	y, gp := make([]float64, 4), make([]float64, len(c.params))
	if err := f.Eval(make([]float64, 4), 0, y); err != nil {
		t.Fatal(err)
	}
	f.VJP(y, gp, []float64{1, 2, 3, 4})
	if want := 2*m + 4*m; w.flops != want {
		t.Errorf("a value and a product took %g operations, want %g", w.flops, want)
	}
	_, r, err := gradientCost(t.Context(), time.Microsecond, []int{150, 300}, []int{4, 8})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Tables) != 4 || len(r.Claims) != 16 {
		t.Fatalf("%d tables and %d claims", len(r.Tables), len(r.Claims))
	}
	x := []float64{10, 100, 1000}
	y = []float64{5, 50 * math.Sqrt(10), 5000}
	if p := slope(x, y); math.Abs(p-1.5) > 1e-12 {
		t.Errorf("exponent of x^1.5 is %g", p)
	}
	for _, n := range []int{100, 5000, 1_000_000} {
		w := widthFor(4, n)
		if got := w*w + 10*w + 4; math.Abs(float64(got)/float64(n)-1) > 0.1 {
			t.Errorf("a width of %d gives %d parameters, want %d", w, got, n)
		}
	}
}
