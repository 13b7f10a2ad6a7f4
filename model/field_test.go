package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// variants are right-hand sides that use every path through the field: input kinds, time, roles, output activation.
func variants(t testing.TB) map[string]*Scaled {
	t.Helper()
	states := func(roles ...Role) []State {
		var s []State
		for i, r := range roles {
			s = append(s, State{Name: fmt.Sprintf("y%d", i+1), Role: r})
		}
		return s
	}
	all := states(Learned, Learned, Learned)
	mixed := states(Constant, Learned, Steady, Learned)
	lo3, hi3 := []float64{0, 0, -1}, []float64{1, 3e-5, 2}
	lo4, hi4 := []float64{2, 0, 300, -1}, []float64{2, 1, 400, 5}
	scale3, scale4 := []float64{1, 3e-5, 3}, []float64{1, 1, 1, 6}
	linearTime := &TimeInput{Kind: InputLinear, Center: 1, Scale: 10}
	logTime := &TimeInput{Kind: InputLog, Center: 1, Scale: 3, Floor: 0.1}
	configs := map[string]ScaledConfig{
		"paper":              {States: all, Input: Input{Kind: InputNone}, YScale: scale3},
		"linear":             {States: all, Input: NewInput(InputLinear, lo3, hi3, 0), YScale: scale3},
		"log":                {States: all, Input: NewInput(InputLog, lo3, hi3, 4), YScale: scale3},
		"sinh":               {States: all, Input: NewInput(InputLinear, lo3, hi3, 0), YScale: scale3, OutputActivation: nn.Sinh},
		"time":               {States: all, Input: NewInput(InputNone, lo3, hi3, 0), YScale: scale3, Time: linearTime},
		"time itself":        {States: all, Input: NewInput(InputLinear, lo3, hi3, 0), YScale: scale3, Time: &TimeInput{Kind: InputNone}},
		"log time, sinh":     {States: all, Input: NewInput(InputLog, lo3, hi3, 3), YScale: scale3, Time: logTime, OutputActivation: nn.Sinh},
		"roles":              {States: mixed, Input: NewInput(InputLinear, lo4, hi4, 0), YScale: scale4},
		"roles, log, time":   {States: mixed, Input: NewInput(InputLog, lo4, hi4, 2), YScale: scale4, Time: logTime},
		"no hidden layer":    {States: all, Input: Input{Kind: InputNone}, YScale: scale3, Hidden: []int{}},
		"steady, unlearned":  {States: states(Learned, Steady), Input: NewInput(InputLog, lo3[:2], hi3[:2], 2), YScale: scale3[:2]},
		"steady, paper":      {States: states(Learned, Steady), Input: Input{Kind: InputNone}, YScale: scale3[:2]},
		"magnitude elsewise": {States: all, Input: Input{Kind: InputNone}, YScale: []float64{1, 1, 1}, Magnitude: scale3},
	}
	out := map[string]*Scaled{}
	for name, c := range configs {
		if c.Hidden == nil {
			c.Hidden = []int{6, 5}
		}
		c.Activation, c.TScale = nn.GELU, 2.5
		s, err := NewScaled(c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = s
	}
	return out
}

// point makes parameters, a time and a state of the sizes that the right-hand side was scaled for.
func point(s *Scaled, seed uint64) (f ode.BatchParamField, p []float64, t float64, y []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	p = make([]float64, s.NumParams())
	for i := range p {
		p[i] = 0.7 * rng.NormFloat64()
	}
	y = make([]float64, len(s.cfg.States))
	for i := range y {
		y[i] = s.cfg.Magnitude[i] * (0.2 + rng.Float64())
		if s.cfg.Input.Kind != InputNone {
			y[i] = s.cfg.Input.Center[i] + s.cfg.Input.Scale[i]*(rng.Float64()-0.5)
		}
		if s.cfg.Input.Kind == InputLog {
			y[i] = s.cfg.Input.Floor[i] * math.Sinh(y[i])
		}
	}
	f = s.Problem().New().(ode.BatchParamField)
	f.Bind(p)
	return f, p, 3.7, y
}

// differ is the central difference of fn at x in direction v, step h·size.
func differ(fn func(x []float64) []float64, x, v []float64) []float64 {
	// The step minimises truncation plus rounding for a function whose scale is that of x: h ~ ε^(1/3).
	const h = 6e-6
	at := func(s float64) []float64 {
		z := make([]float64, len(x))
		for i := range z {
			z[i] = x[i] + s*v[i]
		}
		return fn(z)
	}
	a, b := at(h), at(-h)
	d := make([]float64, len(a))
	for i := range d {
		d[i] = (a[i] - b[i]) / (2 * h)
	}
	return d
}

func within(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	num, den := 0.0, 0.0
	for i := range want {
		num += (got[i] - want[i]) * (got[i] - want[i])
		den += want[i] * want[i]
	}
	if !(math.Sqrt(num) <= tol*math.Sqrt(den)) {
		t.Errorf("%s: relative difference %.2g\n got %v\nwant %v", what, math.Sqrt(num/den), got, want)
	}
}

// scaled returns a random vector with entries of each state's size.
func scaled(s *Scaled, rng *rand.Rand) []float64 {
	v := make([]float64, len(s.cfg.States))
	for i := range v {
		v[i] = s.cfg.Magnitude[i] * rng.NormFloat64()
		if s.cfg.Input.Kind == InputLog {
			v[i] = s.cfg.Input.Floor[i] * rng.NormFloat64()
		}
	}
	return v
}

// The value is Eq. 13, written out here once more by way of nn.
func TestFieldValue(t *testing.T) {
	for name, s := range variants(t) {
		t.Run(name, func(t *testing.T) {
			f, p, tm, y := point(s, 1)
			got := make([]float64, len(y))
			if err := f.Eval(got, tm, y); err != nil {
				t.Fatal(err)
			}
			e, _ := nn.NewEvaluator(s.Network())
			e.Bind(p)
			c := s.Config()
			transformed := func(k InputKind, v, center, scale, floor float64) float64 {
				switch k {
				case InputLinear:
					return (v - center) / scale
				case InputLog:
					return (math.Log(v/floor+math.Sqrt(v*v/floor/floor+1)) - center) / scale
				}
				return v
			}
			var x []float64
			for i, st := range c.States {
				in := c.Input
				if st.Role == Constant {
					continue
				}
				if in.Kind == InputNone {
					in.Center, in.Scale = make([]float64, len(y)), make([]float64, len(y))
				}
				if in.Kind != InputLog {
					in.Floor = make([]float64, len(y))
				}
				x = append(x, transformed(in.Kind, y[i], in.Center[i], in.Scale[i], in.Floor[i]))
			}
			if c.Time != nil {
				x = append(x, transformed(c.Time.Kind, tm, c.Time.Center, c.Time.Scale, c.Time.Floor))
			}
			o := make([]float64, s.Network().Outputs)
			e.Value(o, x)
			want := make([]float64, len(y))
			r := 0
			for i, st := range c.States {
				if st.Role == Learned {
					want[i] = o[r] * c.YScale[i] / c.TScale
					r++
				}
			}
			within(t, "f", got, want, 1e-13)
		})
	}
}

// First derivatives agree with central differences, and each other, in every form that they are offered in.
func TestFieldFirstDerivatives(t *testing.T) {
	for name, s := range variants(t) {
		t.Run(name, func(t *testing.T) {
			f, p, tm, y := point(s, 2)
			other := s.Problem().New().(ode.ParamField)
			value := func(tm float64, y, p []float64) []float64 {
				other.Bind(p)
				d := make([]float64, len(y))
				other.Eval(d, tm, y)
				return d
			}
			k, m := len(y), len(p)
			rng := rand.New(rand.NewPCG(3, 3))
			jac := ode.NewJacobian(k, ode.JacobianLayout{})
			dfdt, got := make([]float64, k), make([]float64, k)
			f.EvalJacobian(got, jac, dfdt, tm, y)
			within(t, "f", got, value(tm, y, p), 1e-14)
			v, q := scaled(s, rng), make([]float64, m)
			for i := range q {
				q[i] = rng.NormFloat64()
			}
			along := differ(func(y []float64) []float64 { return value(tm, y, p) }, y, v)
			jac.MulVec(got, v)
			within(t, "J v", got, along, 1e-7)
			dt := differ(func(t []float64) []float64 { return value(t[0], y, p) }, []float64{tm}, []float64{1})
			within(t, "∂f/∂t", dfdt, dt, 1e-7)
			byP := differ(func(p []float64) []float64 { return value(tm, y, p) }, p, q)
			f.JVP(got, nil, q, 1)
			within(t, "∂f/∂p q", got, byP, 1e-7)
			f.JVP(got, v, nil, 1)
			within(t, "JVP", got, along, 1e-7)

			// several directions at once: columns (v, q), (2v, 0)
			v2, q2, d2 := make([]float64, 2*k), make([]float64, 2*m), make([]float64, 2*k)
			for i := range v {
				v2[2*i], v2[2*i+1] = v[i], 2*v[i]
			}
			for i := range q {
				q2[2*i] = q[i]
			}
			f.JVP(d2, v2, q2, 2)
			for i := range got {
				got[i] = d2[2*i] + 0.5*d2[2*i+1]
				along[i] = 2*along[i] + byP[i]
			}
			within(t, "JVP of two directions", got, along, 1e-7)

			full := make([]float64, k*m)
			f.ParamJacobian(full, 0, m)
			for i := range got {
				got[i] = 0
				for c := range q {
					got[i] += full[i*m+c] * q[c]
				}
			}
			within(t, "ParamJacobian", got, byP, 1e-7)
			c0, c1 := m/3, m/3+4
			part, want := make([]float64, k*(c1-c0)), []float64(nil)
			f.ParamJacobian(part, c0, c1)
			for i := range k {
				want = append(want, full[i*m+c0:i*m+c1]...)
			}
			within(t, "part of ParamJacobian", part, want, 1e-14)

			w := make([]float64, k)
			for i := range w {
				w[i] = rng.NormFloat64() / s.cfg.Magnitude[i]
			}
			gy, gp := make([]float64, k), make([]float64, m)
			f.VJP(gy, gp, w)
			wantY, wantP := make([]float64, k), make([]float64, m)
			jac.AddMulVecTransposed(wantY, w)
			for i := range k {
				for c := range m {
					wantP[c] += w[i] * full[i*m+c]
				}
			}
			within(t, "wᵀJ", gy, wantY, 1e-12)
			within(t, "wᵀ∂f/∂p", gp, wantP, 1e-12)
			f.VJP(gy, nil, w)
			f.VJP(nil, gp, w)
			for i := range wantY {
				wantY[i] *= 2
			}
			within(t, "wᵀJ, added", gy, wantY, 1e-12)

			// many points in one call
			n := 5
			ts, ys, ws := make([]float64, n), make([]float64, n*k), make([]float64, n*k)
			jacs, gys := make([]float64, n*k*k), make([]float64, n*k)
			var wantJ []float64
			wantP, wantY = make([]float64, m), nil
			for c := range n {
				_, _, _, yc := point(s, uint64(10+c))
				ts[c] = float64(c)
				copy(ys[c*k:], yc)
				for i := range k {
					ws[c*k+i] = rng.NormFloat64() / s.cfg.Magnitude[i]
				}
				f.EvalJacobian(got, jac, nil, ts[c], yc)
				wantJ = append(wantJ, jac.Data...)
				g := make([]float64, k)
				f.VJP(g, wantP, ws[c*k:(c+1)*k])
				wantY = append(wantY, g...)
			}
			gp = make([]float64, m)
			f.Jacobians(jacs, ts, ys, n)
			f.ParamVJPs(gp, gys, ts, ys, ws, n)
			within(t, "Jacobians", jacs, wantJ, 1e-12)
			within(t, "ParamVJPs, y", gys, wantY, 1e-12)
			within(t, "ParamVJPs, p", gp, wantP, 1e-12)
			f.ParamVJPs(gp, nil, ts, ys, ws, n)
			for i := range wantP {
				wantP[i] *= 2
			}
			within(t, "ParamVJPs, added", gp, wantP, 1e-12)
		})
	}
}

// The second-order products are the derivatives of the first-order ones, by central differences.
func TestFieldSecondDerivatives(t *testing.T) {
	for name, s := range variants(t) {
		t.Run(name, func(t *testing.T) {
			f, p, tm, y := point(s, 4)
			other := s.Problem().New().(ode.ParamField)
			k, m, n := len(y), len(p), 3
			jac := ode.NewJacobian(k, ode.JacobianLayout{})
			tmp, dfdt := make([]float64, k), make([]float64, k)
			// J u + ∂f/∂t τ
			product := func(y, p, u []float64, tau float64) []float64 {
				other.Bind(p)
				other.EvalJacobian(tmp, jac, dfdt, tm, y)
				d := make([]float64, k)
				jac.MulVec(d, u)
				for i := range d {
					d[i] += tau * dfdt[i]
				}
				return d
			}
			rng := rand.New(rand.NewPCG(5, 5))
			var u, w, tau []float64
			for range n {
				u = append(u, scaled(s, rng)...)
				for i := range k {
					w = append(w, rng.NormFloat64()/s.cfg.Magnitude[i])
				}
				tau = append(tau, rng.NormFloat64())
			}
			v, q := scaled(s, rng), make([]float64, m)
			for i := range q {
				q[i] = rng.NormFloat64()
			}
			sum := func(y, p []float64) []float64 {
				total := 0.0
				for c := range n {
					for i, x := range product(y, p, u[c*k:(c+1)*k], tau[c]) {
						total += w[c*k+i] * x
					}
				}
				return []float64{total}
			}
			dot := func(a, b []float64) []float64 {
				t := 0.0
				for i := range a {
					t += a[i] * b[i]
				}
				return []float64{t}
			}
			wantY := differ(func(y []float64) []float64 { return sum(y, p) }, y, v)
			wantP := differ(func(p []float64) []float64 { return sum(y, p) }, p, q)
			f.Eval(tmp, tm, y)
			gy, gp := make([]float64, k), make([]float64, m)
			f.SecondOrder(gy, gp, w, u, tau, n)
			within(t, "SecondOrder, y", dot(gy, v), wantY, 2e-6)
			within(t, "SecondOrder, p", dot(gp, q), wantP, 2e-6)
			f.SecondOrder(gy, nil, w, u, tau, n)
			f.SecondOrder(nil, gp, w, u, tau, n)
			within(t, "SecondOrder, y, added", dot(gy, v), []float64{2 * wantY[0]}, 2e-6)
			within(t, "SecondOrder, p, added", dot(gp, q), []float64{2 * wantP[0]}, 2e-6)

			u1 := u[:k]
			dy, dp := make([]float64, k*k), make([]float64, k*m)
			f.SecondOrderJacobian(dy, dp, u1, tau[0], 0, m)
			byY := differ(func(y []float64) []float64 { return product(y, p, u1, tau[0]) }, y, v)
			byP := differ(func(p []float64) []float64 { return product(y, p, u1, tau[0]) }, p, q)
			gotY, gotP := make([]float64, k), make([]float64, k)
			for i := range k {
				gotY[i] = dot(dy[i*k:(i+1)*k], v)[0]
				gotP[i] = dot(dp[i*m:(i+1)*m], q)[0]
			}
			within(t, "SecondOrderJacobian, y", gotY, byY, 2e-6)
			within(t, "SecondOrderJacobian, p", gotP, byP, 2e-6)
			c0, c1 := m/2, m/2+3
			part, want := make([]float64, k*3), []float64(nil)
			again := make([]float64, k*k)
			f.SecondOrderJacobian(again, nil, u1, tau[0], 0, 0)
			within(t, "SecondOrderJacobian, y alone", again, dy, 1e-14)
			f.SecondOrderJacobian(dy, part, u1, tau[0], c0, c1)
			for i := range k {
				want = append(want, dp[i*m+c0:i*m+c1]...)
			}
			within(t, "SecondOrderJacobian, some columns", part, want, 1e-14)
		})
	}
}

func TestFieldDoesNotAllocate(t *testing.T) {
	for name, s := range variants(t) {
		f, p, tm, y := point(s, 6)
		k, m, n := len(y), len(p), 4
		v := make([]float64, 8*k*(m+k)+8*m)
		jac := ode.NewJacobian(k, ode.JacobianLayout{})
		ts, ys := make([]float64, n), make([]float64, n*k)
		work := func() {
			f.Bind(p)
			f.Eval(v[:k], tm, y)
			f.EvalJacobian(v[:k], jac, v[k:2*k], tm, y)
			f.VJP(v[:k], v[k:k+m], y)
			f.JVP(v[:k*n], ys, nil, n)
			f.ParamJacobian(v[:k*m], 0, m)
			f.SecondOrder(v[:k], v[k:k+m], ys, ys, ts, n)
			f.SecondOrderJacobian(v[:k*k], v[k*k:k*k+k*m], y, 0.5, 0, m)
			f.Jacobians(v[:n*k*k], ts, ys, n)
			f.ParamVJPs(v[:m], v[m:m+n*k], ts, ys, ys, n)
		}
		work()
		if a := testing.AllocsPerRun(10, work); a != 0 {
			t.Errorf("%s: %g allocations", name, a)
		}
	}
}
