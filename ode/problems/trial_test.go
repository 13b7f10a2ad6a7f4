package problems

import (
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// The Jacobian of every trial, and ∂f/∂t, are the derivatives of f.
func TestTrialDerivatives(t *testing.T) {
	for _, p := range Trials()[len(All()):] {
		n := p.IVP.Dim
		field := p.IVP.New()
		jac := ode.NewJacobian(n, p.IVP.Jacobian)
		y, f, a, b, dfdt := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		for _, at := range p.Saved {
			if p.Ends && at >= 1 || at == p.T1 || p.Name == "SlidingSign" && at > 2 || !p.Solution(y, at) {
				continue
			}
			if err := field.EvalJacobian(f, jac, dfdt, at, y); err != nil {
				t.Fatal(err)
			}
			compare := func(what string, j int, step, value func(i int) float64) {
				for i := range n {
					size := 1e-9 * (1 + math.Abs(f[i]))
					for k := range n {
						size = max(size, 1e-5*math.Abs(jac.At(i, k)*y[k]))
					}
					got, want := value(i)*step(i), step(i)*(a[i]-b[i])/(2*step(i))
					if d := math.Abs(got - want); d > 1e-5*math.Abs(want)+1e-4*size {
						t.Errorf("%s at t = %g: %s of f%d by %d is %g, differences say %g", p.Name, at, what, i+1, j+1, value(i), want/step(i))
					}
				}
			}
			for j := range n {
				h := 1e-5 * max(math.Abs(y[j]), 1e-3*p.Size[j])
				x := y[j]
				y[j] = x + h
				_ = field.Eval(a, at, y)
				y[j] = x - h
				_ = field.Eval(b, at, y)
				y[j] = x
				compare("∂/∂y", j, func(int) float64 { return h }, func(i int) float64 { return jac.At(i, j) })
			}
			if p.IVP.Autonomous {
				continue
			}
			h := 1e-7 * p.T1
			_ = field.Eval(a, at+h, y)
			_ = field.Eval(b, at-h, y)
			compare("∂/∂t", 0, func(int) float64 { return h }, func(i int) float64 { return dfdt[i] })
		}
	}
}

// A closed form satisfies M y' = f.
func TestClosedFormsSolveTheirEquations(t *testing.T) {
	for _, p := range Trials() {
		if !p.Exact() || p.Name == "SlidingSign" { // whose solution is one in the sense of Filippov
			continue
		}
		n := p.IVP.Dim
		field := p.IVP.New()
		jac := ode.NewJacobian(n, p.IVP.Jacobian)
		y, f, a, b, d, m := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		p.Solution(y, p.T0)
		for i, v := range y {
			if math.Abs(v-p.Y0[i]) > 1e-14*max(1, math.Abs(v)) {
				t.Errorf("%s starts at %g, its solution at %g", p.Name, p.Y0[i], v)
			}
		}
		for _, s := range p.Saved[:len(p.Saved)-1] {
			if p.Ends && s >= 1 {
				continue
			}
			p.Solution(y, s)
			if err := field.EvalJacobian(f, jac, nil, s, y); err != nil {
				t.Fatal(err)
			}
			// differences over times of every length, of which the best counts
			best := make([]float64, n)
			for i := range best {
				best[i] = math.Inf(1)
			}
			for h := 1e-2 * (p.T1 - p.T0); h > 1e-9*(p.T1-p.T0); h /= 4 {
				p.Solution(a, s+h)
				p.Solution(b, s-h)
				for i := range n {
					d[i] = (a[i] - b[i]) / (2 * h)
				}
				p.IVP.Mass.MulVec(m, d)
				for i := range n {
					best[i] = min(best[i], math.Abs(m[i]-f[i]))
				}
			}
			for i := range n {
				// what the rounding of y makes of f
				noise := 1e-5*math.Abs(f[i]) + 1e-7*p.Size[i]/(p.T1-p.T0)
				for j := range n {
					noise += 1e-14 * math.Abs(jac.At(i, j)) * p.Size[j]
				}
				if best[i] > noise {
					t.Errorf("%s at t = %g: y%d' is %g off f = %g", p.Name, s, i+1, best[i], f[i])
				}
			}
		}
	}
}

// Every trial has an amplification and sizes, and known solutions at its times.
func TestTrialsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, p := range Trials() {
		if names[p.Name] {
			t.Errorf("two trials are called %s", p.Name)
		}
		names[p.Name] = true
		if p.Amplification < 1 || len(p.Size) != p.IVP.Dim {
			t.Errorf("%s has amplification %g and %d sizes: run stiffnode bench accuracy --amplification", p.Name, p.Amplification, len(p.Size))
		}
		y := make([]float64, p.IVP.Dim)
		for _, s := range p.Saved {
			if !p.Solution(y, s) {
				t.Errorf("%s: no solution at t = %g", p.Name, s)
			}
		}
		if p.Saved[len(p.Saved)-1] != p.T1 {
			t.Errorf("%s does not compare at its end", p.Name)
		}
		if q, err := TrialByName(p.Name); err != nil || q.Name != p.Name {
			t.Errorf("%s is not found: %v", p.Name, err)
		}
	}
	if len(names) < 40 || len(names)-len(All()) < 22 {
		t.Errorf("%d trials, of which %d are not in All", len(names), len(names)-len(All()))
	}
}
