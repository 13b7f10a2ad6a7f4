package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// circle is 0 = x² + z² + e^(t w) − 3 for states x, z, w: it depends on time and is nonlinear.
type circle struct{}

func (circle) Len() int { return 1 }

func (circle) Value(dst []float64, t float64, y []float64) error {
	dst[0] = y[0]*y[0] + y[1]*y[1] + math.Exp(t*y[2]) - 3
	return nil
}

func (circle) Derivatives(dy, dt []float64, t float64, y []float64) {
	e := math.Exp(t * y[2])
	dy[0], dy[1], dy[2] = 2*y[0], 2*y[1], t*e
	dt[0] = y[2] * e
}

func (circle) Curvature(dst []float64, t float64, y, u []float64, tau float64) {
	e := math.Exp(t * y[2])
	dst[0], dst[1] = 2*u[0], 2*u[1]
	dst[2] = t*t*e*u[2] + (1+t*y[2])*e*tau
}

func init() {
	if err := RegisterEquation("circle", func(states []string) (Equation, error) {
		if len(states) != 3 {
			return nil, errors.New("the circle needs three states")
		}
		return circle{}, nil
	}); err != nil {
		panic(err)
	}
}

func constrainedConfig(n int, roles map[int]Role) ScaledConfig {
	c := ScaledConfig{Hidden: []int{6, 5}, Activation: nn.GELU, OutputActivation: nn.Sinh, TScale: 2.5}
	lo, hi := make([]float64, n), make([]float64, n)
	for i := range n {
		role := roles[i]
		if role == "" {
			role = Learned
		}
		c.States = append(c.States, State{Name: fmt.Sprintf("y%d", i+1), Role: role})
		c.YScale = append(c.YScale, []float64{1, 3e-3, 2, 0.5}[i])
		hi[i] = c.YScale[i]
	}
	c.Input = NewInput(InputLog, lo, hi, 2)
	c.Time = &TimeInput{Kind: InputLinear, Center: 1, Scale: 10}
	return c
}

// constrained are right-hand sides of every kind and way.
func constrained(t testing.TB) map[string]RHS {
	t.Helper()
	must := func(r RHS, err error) RHS {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	scaled := func(c ScaledConfig) *Scaled {
		s, err := NewAlgebraic(c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	laws := func(texts ...string) (out []Law) {
		for _, x := range texts {
			l, err := ParseLaw(x, []string{"y1", "y2", "y3", "y4"})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, l)
		}
		return out
	}
	projected := func(c ScaledConfig, l []Law) RHS { p, err := NewProjected(scaled(c), l); return must(p, err) }
	dae := func(c ScaledConfig, l []Law) RHS { p, err := NewLawDAE(scaled(c), l); return must(p, err) }
	flat := constrainedConfig(4, nil)
	flat.Time = nil
	signed := func(c ScaledConfig, at ...int) ScaledConfig {
		for _, i := range at {
			c.States[i].NonNegative = true
		}
		return c
	}
	gated, err := NewScaled(signed(constrainedConfig(4, map[int]Role{3: Steady}), 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	nonlinear, err := NewEquationDAE(scaled(constrainedConfig(3, map[int]Role{1: Algebraic})), "circle")
	return map[string]RHS{
		"one law":            projected(constrainedConfig(4, nil), laws("y1 + y2 + y3")),
		"two laws":           projected(flat, laws("y1 + y2 + 2*y3", "y3 - 1/2*y4 + y2")),
		"law and kept state": projected(constrainedConfig(4, map[int]Role{3: Steady, 1: Constant}), laws("y1 + y3 - y4")),
		"non-negative":       gated,
		"non-negative, law":  projected(signed(constrainedConfig(4, nil), 0, 1, 2, 3), laws("y1 + y2 + y3")),
		"non-negative, laws": projected(signed(constrainedConfig(4, map[int]Role{3: Steady}), 0, 1), laws("y1 + y2 + 2*y3", "y3 - y1")),
		"non-negative, else": projected(signed(constrainedConfig(4, nil), 3), laws("y1 + y2 + y3")),
		"non-negative dae":   dae(signed(constrainedConfig(4, map[int]Role{2: Algebraic}), 0, 1, 2), laws("y1 + y2 + y3 = 1")),
		"dae":                dae(constrainedConfig(4, map[int]Role{2: Algebraic}), laws("y1 + y2 + y3 = 1")),
		"dae of two laws":    dae(constrainedConfig(4, map[int]Role{2: Algebraic, 0: Algebraic}), laws("y1 + y2 + y3 = 1", "y1 - y4 = 0.5")),
		"nonlinear dae":      must(nonlinear, err),
	}
}

// Every derivative product of a constrained field agrees with central differences of its value, and batches with single points.
func TestConstrainedDerivatives(t *testing.T) {
	for name, rhs := range constrained(t) {
		t.Run(name, func(t *testing.T) {
			problem := rhs.Problem()
			s, _ := Inner(rhs)
			k, m := problem.Dim, rhs.NumParams()
			f, other := problem.New().(ode.BatchParamField), problem.New().(ode.ParamField)
			rng := rand.New(rand.NewPCG(1, 2))
			normal := func(n int) []float64 {
				v := make([]float64, n)
				for i := range v {
					v[i] = rng.NormFloat64()
				}
				return v
			}
			sized := func() []float64 {
				v := normal(k)
				for i := range v {
					v[i] *= s.cfg.Magnitude[i] * 0.1
				}
				return v
			}
			covector := func() []float64 {
				v := normal(k)
				for i := range v {
					v[i] /= s.cfg.Magnitude[i]
				}
				return v
			}
			p, y, at := normal(m), make([]float64, k), 0.7
			for i := range y {
				y[i] = s.cfg.Magnitude[i] * (0.3 + rng.Float64())
			}
			value := func(at float64, y, p []float64) []float64 {
				other.Bind(p)
				d := make([]float64, k)
				if err := other.Eval(d, at, y); err != nil {
					t.Fatal(err)
				}
				return d
			}
			dot := func(a, b []float64) []float64 {
				sum := 0.0
				for i := range a {
					sum += a[i] * b[i]
				}
				return []float64{sum}
			}
			f.Bind(p)
			jac, dfdt, got := ode.NewJacobian(k, ode.JacobianLayout{}), make([]float64, k), make([]float64, k)
			v, q := sized(), normal(m)
			if err := f.EvalJacobian(got, jac, dfdt, at, y); err != nil {
				t.Fatal(err)
			}
			within(t, "f", got, value(at, y, p), 1e-14)
			along := differ(func(y []float64) []float64 { return value(at, y, p) }, y, v)
			byP := differ(func(p []float64) []float64 { return value(at, y, p) }, p, q)
			jac.MulVec(got, v)
			within(t, "J v", got, along, 1e-6)
			if !problem.Autonomous {
				within(t, "∂f/∂t", dfdt, differ(func(x []float64) []float64 { return value(x[0], y, p) }, []float64{at}, []float64{1}), 1e-6)
			}
			both := make([]float64, k)
			f.JVP(both, v, q, 1)
			for i := range both {
				got[i] = along[i] + byP[i]
			}
			within(t, "JVP", both, got, 1e-6)
			full := make([]float64, k*m)
			f.ParamJacobian(full, 0, m)
			for i := range got {
				got[i] = dot(full[i*m:(i+1)*m], q)[0]
			}
			within(t, "ParamJacobian", got, byP, 1e-6)
			w, gy, gp := covector(), make([]float64, k), make([]float64, m)
			f.VJP(gy, gp, w)
			within(t, "VJP, y", dot(gy, v), dot(w, along), 1e-5)
			within(t, "VJP, p", dot(gp, q), dot(w, byP), 1e-5)

			u, tau := sized(), 0.4
			product := func(y, p []float64) []float64 {
				other.Bind(p)
				j, dt, d := ode.NewJacobian(k, ode.JacobianLayout{}), make([]float64, k), make([]float64, k)
				if err := other.EvalJacobian(d, j, dt, at, y); err != nil {
					t.Fatal(err)
				}
				j.MulVec(d, u)
				for i := range d {
					d[i] += tau * dt[i]
				}
				return d
			}
			secondY := differ(func(y []float64) []float64 { return product(y, p) }, y, v)
			secondP := differ(func(p []float64) []float64 { return product(y, p) }, p, q)
			clear(gy)
			clear(gp)
			f.SecondOrder(gy, gp, w, u, []float64{tau}, 1)
			within(t, "SecondOrder, y", dot(gy, v), dot(w, secondY), 1e-5)
			within(t, "SecondOrder, p", dot(gp, q), dot(w, secondP), 1e-5)
			dy, dp := make([]float64, k*k), make([]float64, k*m)
			f.SecondOrderJacobian(dy, dp, u, tau, 0, m)
			for i := range k {
				got[i], both[i] = dot(dy[i*k:(i+1)*k], v)[0], dot(dp[i*m:(i+1)*m], q)[0]
			}
			within(t, "SecondOrderJacobian, y", got, secondY, 1e-5)
			within(t, "SecondOrderJacobian, p", both, secondP, 1e-5)

			n := 3
			ts, ys, ws := normal(n), []float64(nil), []float64(nil)
			var wantJ, wantY []float64
			wantP := make([]float64, m)
			for c := range n {
				yc := make([]float64, k)
				for i := range yc {
					yc[i] = s.cfg.Magnitude[i] * (0.3 + rng.Float64())
				}
				ys, ws = append(ys, yc...), append(ws, covector()...)
				f.EvalJacobian(got, jac, nil, ts[c], yc)
				wantJ = append(wantJ, jac.Data...)
				g := make([]float64, k)
				f.VJP(g, wantP, ws[c*k:])
				wantY = append(wantY, g...)
			}
			jacs, gys := make([]float64, n*k*k), make([]float64, n*k)
			clear(gp)
			f.Jacobians(jacs, ts, ys, n)
			f.ParamVJPs(gp, gys, ts, ys, ws, n)
			within(t, "Jacobians", jacs, wantJ, 1e-12)
			within(t, "ParamVJPs, y", gys, wantY, 1e-12)
			within(t, "ParamVJPs, p", gp, wantP, 1e-12)

			work := func() {
				f.EvalJacobian(got, jac, dfdt, at, y)
				f.VJP(gy, gp, w)
				f.JVP(both, v, q, 1)
				f.SecondOrder(gy, gp, w, u, nil, 1)
				f.ParamVJPs(gp, gys, ts, ys, ws, n)
			}
			work()
			if a := testing.AllocsPerRun(5, work); a != 0 {
				t.Errorf("%g allocations", a)
			}
		})
	}
}

// The projected field satisfies the laws at any point, differs from the network's by a combination of the columns of S C, and
// leaves alone a field that satisfies them: it is the projection of the documentation.
func TestProjection(t *testing.T) {
	for name, rhs := range constrained(t) {
		p, ok := rhs.(*Projected)
		if !ok || p.weighted() {
			continue
		}
		k := len(p.cfg.States)
		rng := rand.New(rand.NewPCG(3, 4))
		v, w := make([]float64, k), make([]float64, k)
		for i := range v {
			if p.cfg.States[i].Role == Learned {
				v[i] = p.cfg.Magnitude[i] * rng.NormFloat64()
			}
			w[i] = v[i]
		}
		s := make([]float64, 1)
		p.proj.apply(v, 1, 1, s)
		for _, l := range p.laws {
			size := 0.0
			for i := range v {
				size += math.Abs(l.Weights[i] * w[i])
			}
			if d := l.Value(v); math.Abs(d) > 1e-15*size {
				t.Errorf("%s: the law's derivative is %g of %g", name, d, size)
			}
		}
		// orthogonality in the norm of S⁻¹: (v − w)ᵀ S⁻¹ v = 0
		sum, size := 0.0, 0.0
		for i := range v {
			m := p.cfg.Magnitude[i]
			sum += (v[i] - w[i]) / m * v[i] / m
			size += math.Abs(v[i] / m * v[i] / m)
		}
		if math.Abs(sum) > 1e-14*size {
			t.Errorf("%s: the correction is not orthogonal: %g", name, sum)
		}
		again := append([]float64(nil), v...)
		p.proj.apply(again, 1, 1, s)
		within(t, name, again, v, 1e-12)
	}
}

// Laws hold to roundoff along solutions of every family of methods, with random parameters.
func TestLawsAreKept(t *testing.T) {
	for name, rhs := range constrained(t) {
		var laws []Law
		switch r := rhs.(type) {
		case *Projected:
			laws = r.Laws()
		case *DAE:
			laws = r.Laws()
		}
		problem := rhs.Problem()
		p := make([]float64, rhs.NumParams())
		rhs.Init(p, nn.GlorotNormal, 5)
		times := []float64{0.3, 1, 1.7}
		if laws == nil { // from t ≈ 1 on, e^(t w) alone exceeds 3, and there is no circle
			times = []float64{0.1, 0.2, 0.4}
		}
		for _, method := range []string{"Rodas5P", "Rosenbrock23", "Radau", "BDF", "KenCarp4", "Tsit5"} {
			m, err := ode.MethodByName(method)
			if err != nil {
				t.Fatal(err)
			}
			if !problem.Mass.IsIdentity() && !m.Info().Implicit {
				continue
			}
			s, err := ode.NewSolver(problem, ode.Options{Method: m, RTol: 1e-6, SaveAt: times})
			if err != nil {
				t.Fatalf("%s, %s: %v", name, method, err)
			}
			s.Field().(ode.ParamField).Bind(p)
			y0 := make([]float64, problem.Dim)
			for i := range y0 {
				y0[i] = 0.5 * problem.Scale[i]
			}
			sol, err := s.Solve(t.Context(), 0, times[2], y0)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, method, err)
			}
			k := problem.Dim
			for _, l := range laws {
				want := l.Value(y0)
				if l.Total != nil {
					want = *l.Total
				}
				for r := range 3 {
					if d := l.Value(sol.Y[r*k:(r+1)*k]) - want; math.Abs(d) > 2e-14 {
						t.Errorf("%s, %s: a law is off by %g in row %d", name, method, d, r)
					}
				}
			}
			if name == "nonlinear dae" { // the circle
				g := []float64{0}
				for r, at := range times {
					_ = circle{}.Value(g, at, sol.Y[r*k:])
					if math.Abs(g[0]) > 1e-4 {
						t.Errorf("%s, %s: 0 = %g at t = %g", name, method, g[0], at)
					}
				}
			}
		}
	}
}

func TestConstrainedFiles(t *testing.T) {
	for name, rhs := range constrained(t) {
		s, _ := Inner(rhs)
		m := &Model{States: s.cfg.States, TimeName: "t", RHS: rhs, Params: make([]float64, rhs.NumParams()), Solver: Solver{Method: "Rodas5P", RTol: 1e-6}, Span: Span{T1: 1, First: 0.1}}
		rhs.Init(m.Params, nn.GlorotNormal, 1)
		path := filepath.Join(t.TempDir(), FileName)
		if err := m.Save(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		back, err := Load(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(rhs.Describe(), back.RHS.Describe()); d != "" || back.RHS.Kind() != rhs.Kind() {
			t.Errorf("%s: %s", name, d)
		}
		y, a, b := append([]float64(nil), s.cfg.Magnitude...), make([]float64, len(m.States)), make([]float64, len(m.States))
		for to, r := range map[*[]float64]RHS{&a: rhs, &b: back.RHS} {
			f := r.Problem().New().(ode.ParamField)
			f.Bind(m.Params)
			if err := f.Eval(*to, 0.3, y); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(a, b); d != "" {
			t.Errorf("%s: another field comes back: %s", name, d)
		}
	}
}

func TestParseLaw(t *testing.T) {
	states := []string{"A", "B", "H+", "x*"}
	for text, want := range map[string][]float64{
		"A + B": {1, 1, 0, 0}, "- A + 2*B - 0.5 * H+": {-1, 2, -0.5, 0}, "1/4*A + x*": {0.25, 0, 0, 1}, "A + A - B": {2, -1, 0, 0},
	} {
		for _, total := range []string{"", " = -1.5e-3"} {
			l, err := ParseLaw(text+total, states)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if d := cmp.Diff(want, l.Weights); d != "" || (l.Total != nil) != (total != "") || l.Total != nil && *l.Total != -1.5e-3 {
				t.Errorf("%s: %+v", text, l)
			}
			again, err := ParseLaw(l.Format(states), states)
			if err != nil || cmp.Diff(l, again) != "" {
				t.Errorf("%s: written as %q, read as %+v (%v)", text, l.Format(states), again, err)
			}
		}
	}
	if l, err := ParseLaw("y1+2*y2-y3=1", []string{"y1", "y2", "y3"}); err != nil || cmp.Diff(l.Weights, []float64{1, 2, -1}) != "" {
		t.Errorf("without blanks: %+v, %v", l, err)
	}
	for _, text := range []string{"", "A +", "A B", "A + + B", "C", "A = x", "A - A", "1/0*A", "1e999*A", "A = Inf", "NaN*A", "= 1"} {
		var e *LawError
		if _, err := ParseLaw(text, states); !errors.As(err, &e) {
			t.Errorf("%q is accepted (%v)", text, err)
		}
	}
}

// Names that instruments and people write, with blanks, signs, equality signs and quotes in them, come back as they were.
func TestLawsOfUnrulyNames(t *testing.T) {
	for _, states := range [][]string{
		{"Lactose in", "Biomass"}, {"pH=7", "A"}, {`the "best"`, `back\slash`}, {"A", "B", "A + B", "A = 1"}, {"-B", "B"}, {"2*A", "A"},
		{"Lactose", "Lactose in", "Lactose in feed"}, {"+", "-"}, {"A{cell}[mmol/ml]", "Values[A]"}, {"α β", "β"},
	} {
		for _, weights := range [][]float64{{1, 1}, {-2, 1}, {0.5, -1}, {0, 1}, {1, 0}} {
			for _, total := range []*float64{nil, new(float64)} {
				law := Law{Weights: append(append([]float64{}, weights...), make([]float64, len(states)-2)...), Total: total}
				again, err := ParseLaw(law.Format(states), states)
				if err != nil || cmp.Diff(law, again) != "" {
					t.Errorf("%q: written as %s, read as %+v (%v)", states, law.Format(states), again, err)
				}
			}
		}
	}
	// as people write them, without quotes
	states := []string{"Lactose in", "Lactose", "Biomass", "pH=7"}
	for text, want := range map[string][]float64{
		"Lactose in + Biomass": {1, 0, 1, 0}, "Lactose + 2*Lactose in=3": {2, 1, 0, 0}, "1/2 * pH=7 - Lactose = 1": {0, -1, 0, 0.5},
	} {
		if l, err := ParseLaw(text, states); err != nil || cmp.Diff(want, l.Weights) != "" {
			t.Errorf("%s: %+v (%v)", text, l, err)
		}
	}
}

// Laws that contradict or repeat each other, or leave nothing to learn, are refused with the one that is at fault.
func TestImpossibleLaws(t *testing.T) {
	at := func(v float64) *float64 { return &v }
	c := constrainedConfig(4, nil)
	s, err := NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	a, b := []float64{1, 1, 1, 0}, []float64{0, 1, 0, 1}
	sum := []float64{2, 3, 2, 1}
	for name, laws := range map[string][]Law{
		"twice":              {{Weights: a}, {Weights: a}},
		"contradiction":      {{a, at(1)}, {b, at(2)}, {sum, at(5)}},
		"combination":        {{a, at(1)}, {b, at(2)}, {sum, at(4)}},
		"nothing to learn":   {{Weights: []float64{1, 0, 0, 0}}, {Weights: []float64{0, 1, 0, 0}}, {Weights: []float64{0, 0, 1, 0}}, {Weights: []float64{0, 0, 0, 1}}},
		"no variable states": {{Weights: []float64{0, 0, 0, 0}}},
	} {
		var e *LawError
		if _, err := NewProjected(s, laws); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c = constrainedConfig(4, map[int]Role{2: Algebraic, 3: Algebraic})
	d, err := NewAlgebraic(c)
	if err != nil {
		t.Fatal(err)
	}
	var index *IndexError
	if _, err := NewLawDAE(d, []Law{{a, at(1)}, {[]float64{1, 0, -1, 0}, at(0)}}); !errors.As(err, &index) {
		t.Errorf("algebraic states that no law determines: %v", err)
	}
	if _, err := NewLawDAE(d, []Law{{a, at(1)}, {b, at(2)}}); err != nil {
		t.Errorf("a DAE of index 1: %v", err)
	}
	if _, err := NewLawDAE(d, []Law{{a, at(1)}}); err == nil {
		t.Error("one equation for two algebraic states is accepted")
	}
	if _, err := NewScaled(c); err == nil {
		t.Error("algebraic states without equations are accepted")
	}
}
