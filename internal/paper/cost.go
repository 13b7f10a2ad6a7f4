package paper

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

// tables turns those of a study into tables of this report.
func tables(name string, r *bench.Report) []Table {
	var out []Table
	for i, t := range r.Tables {
		n := name
		if i > 0 {
			n = fmt.Sprintf("%s-%d", name, i+1)
		}
		out = append(out, Table{Name: n, Caption: t.Title, Header: t.Rows[0], Rows: t.Rows[1:], Shown: true})
	}
	return out
}

// costFinding are the exponents with which the cost of gradients grows.
type costFinding []bench.CostOrder

func (f costFinding) judge(r *Result) {
	for _, c := range []struct {
		kind  bench.OrderKind
		paper string
	}{
		{bench.Separated, "the separated methods cost O(k³ + m)"},
		{bench.AdjointAtOnce, "the adjoint in one implicit system costs O((k+m)³)"},
		{bench.ForwardAtOnce, "standard forward sensitivities cost O(k³m³)"},
		{bench.ForwardChunks, "forward sensitivities in chunks of l cost O(m k³ l²)"},
		{bench.AdjointChunks, "adjoints in chunks of l cost O(m/l (k+l)³)"},
	} {
		agrees, n := true, 0
		var words []string
		for _, g := range f {
			if g.Kind != c.kind {
				continue
			}
			n++
			agrees = agrees && g.Holds()
			words = append(words, g.String())
		}
		if n == 0 {
			r.untested(c.paper, "nothing was measured", "this run made no such measurement")
			continue
		}
		r.claim(agrees, c.paper, strings.Join(words, "; "), "an exponent is outside of its bounds")
	}
}

func costEntry() *Entry {
	return &Entry{
		ID: "cost", Title: "Cost of a gradient as k and m grow", Place: "Sec. III B", Threads: 2, Config: "Rosenbrock23, 16 equal steps",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			growth, study, err := bench.CostOrders(ctx, 20*time.Millisecond)
			if err != nil {
				return nil, err
			}
			r := &Result{Timing: tables("cost", study)}
			r.say("Operations and time per step of one gradient, for a growing number m of parameters at k = 4 states and for a growing k, at a fixed number of steps. The exponents are those of the last two decades of m and the upper half of k. An order that the paper gives as a bound from above (O(k³ + m)) agrees where no exponent exceeds it, one that it gives to compare with where the counted operations grow with the exponent 1 in the paper's own expression. Times are in the tables: small systems are faster a number than large ones, so that only operations can be held against a formula.")
			costFinding(growth).judge(r)
			for _, f := range study.Figures {
				r.Figures = append(r.Figures, Figure{"cost", "Time per step over m and over k.", f.Figure})
			}
			return r, nil
		},
	}
}
