package nn

import "testing"

// The two networks of the paper: 3→5×6→3 and 20→10×3→20, GELU.
var benchNets = []struct {
	name string
	net  MLP
}{
	{"rober", MLP{Inputs: 3, Outputs: 3, Hidden: []int{5, 5, 5, 5, 5, 5}, Activation: GELU}},
	{"pollu", MLP{Inputs: 20, Outputs: 20, Hidden: []int{10, 10, 10}, Activation: GELU}},
}

const benchPoints = 64

type benchSpace struct {
	e                     *Evaluator
	p, f, jac, x, gx, gp  []float64
	w, u, q               []float64
	xs, ws, fs, jacs, gxs []float64
}

func newBenchSpace(b *testing.B, n MLP) *benchSpace {
	e, err := NewEvaluator(n)
	if err != nil {
		b.Fatal(err)
	}
	m := n.NumParams()
	s := &benchSpace{
		e: e, p: make([]float64, m), f: make([]float64, n.Outputs), jac: make([]float64, n.Outputs*n.Inputs), x: make([]float64, n.Inputs),
		gx: make([]float64, n.Inputs), gp: make([]float64, m), w: make([]float64, 3*n.Outputs), u: make([]float64, 3*n.Inputs),
		q: make([]float64, n.Outputs*m), xs: make([]float64, benchPoints*n.Inputs), ws: make([]float64, benchPoints*n.Outputs),
		fs: make([]float64, benchPoints*n.Outputs), jacs: make([]float64, benchPoints*n.Outputs*n.Inputs), gxs: make([]float64, benchPoints*n.Inputs),
	}
	n.Init(s.p, GlorotNormal, 1)
	for _, v := range [][]float64{s.x, s.w, s.u, s.xs, s.ws} {
		for i := range v {
			v[i] = float64(i%7)*0.2 - 0.5
		}
	}
	e.Bind(s.p)
	e.Value(s.f, s.x)
	return s
}

func benchEvaluator(b *testing.B, points int, call func(s *benchSpace)) {
	for _, n := range benchNets {
		b.Run(n.name, func(b *testing.B) {
			s := newBenchSpace(b, n.net)
			for range b.N {
				call(s)
			}
			if points > 1 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*points), "ns/point")
			}
		})
	}
}

func BenchmarkBind(b *testing.B)  { benchEvaluator(b, 1, func(s *benchSpace) { s.e.Bind(s.p) }) }
func BenchmarkValue(b *testing.B) { benchEvaluator(b, 1, func(s *benchSpace) { s.e.Value(s.f, s.x) }) }

func BenchmarkValueJacobian(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) { s.e.ValueJacobian(s.f, s.jac, s.x) })
}

func BenchmarkVJP(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) { s.e.VJP(s.gx, nil, s.w[:len(s.f)]) })
}

func BenchmarkVJPParams(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) { s.e.VJP(s.gx, s.gp, s.w[:len(s.f)]) })
}

func BenchmarkValueVJP(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) {
		s.e.Value(s.f, s.x)
		s.e.VJP(s.gx, s.gp, s.w[:len(s.f)])
	})
}

func BenchmarkSecondOrder(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) { s.e.SecondOrder(s.gx, s.gp, s.w, s.u, 3) })
}

func BenchmarkValueSecondOrder(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) {
		s.e.ValueJacobian(s.f, s.jac, s.x)
		s.e.SecondOrder(s.gx, s.gp, s.w[:2*len(s.f)], s.u[:2*len(s.x)], 2)
	})
}

func BenchmarkParamJacobian(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) {
		s.e.Value(s.f, s.x)
		s.e.ParamJacobian(s.q, 0, len(s.p))
	})
}

func BenchmarkSecondOrderJacobian(b *testing.B) {
	benchEvaluator(b, 1, func(s *benchSpace) { s.e.SecondOrderJacobian(s.jac, s.q, s.u[:len(s.x)], 0, len(s.p)) })
}

func BenchmarkValueBatch(b *testing.B) {
	benchEvaluator(b, benchPoints, func(s *benchSpace) { s.e.ValueBatch(s.fs, s.xs, benchPoints) })
}

func BenchmarkJacobianBatch(b *testing.B) {
	benchEvaluator(b, benchPoints, func(s *benchSpace) { s.e.JacobianBatch(s.jacs, s.xs, benchPoints) })
}

func BenchmarkParamVJPBatch(b *testing.B) {
	benchEvaluator(b, benchPoints, func(s *benchSpace) { s.e.ParamVJPBatch(s.gp, s.gxs, s.xs, s.ws, benchPoints) })
}
