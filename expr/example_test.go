package expr_test

import (
	"fmt"

	"github.com/stiffnode/stiffnode/expr"
)

func ExampleTrace() {
	// van der Pol's oscillator, as a Go function of symbols
	f, err := expr.Trace([]string{"x", "v"}, []string{"mu"}, nil, func(s expr.Symbols) []expr.Expr {
		x, v, mu := s.Y[0], s.Y[1], s.P[0]
		return []expr.Expr{v, mu.Mul(s.G.Num(1).Sub(x.PowNum(2))).Mul(v).Sub(x)}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := f.NewEvaluator()
	e.Bind([]float64{100})
	dst := make([]float64, 2)
	e.Eval(dst, 0, []float64{2, 0.5}, nil)
	fmt.Println(dst)
	jac := make([]float64, len(f.JacobianPattern().Rows))
	e.Jacobian(jac)
	fmt.Println(f.JacobianPattern(), jac)
	// Output:
	// [0.5 -152]
	// {[0 1 1] [1 0 1]} [1 -201 -300]
}

func ExampleGraph_Parse() {
	g := expr.NewGraph()
	g.State("A")
	g.Param("k")
	_, err := g.Parse("-k*A + k2*A^2", nil)
	fmt.Println(err)
	e, _ := g.Parse("-k*A + 0.5*A^2", nil)
	fmt.Println(e)
	// Output:
	// column 8 of the formula: unknown name "k2"; did you mean "k"?
	// 0.5*A^2 - A*k
}
