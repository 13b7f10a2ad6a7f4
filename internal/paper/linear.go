package paper

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
)

func linearEntry() *Entry {
	rates := data.LogSpace(1, 1e4, 61)
	return &Entry{
		ID: "fig3", Title: "A linear equation forward and backward", Place: "Fig. 3", Threads: 1, Config: "Tsit5, u' = -λu, 61 rates 1…1e4, rtol 1e-6, atol 1e-6 and 0",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("u' = −λu, u(0) = 1, is solved by Tsit5 to t = 1 and back. The reverse problem grows like e^{λt}, so an error at the end comes back multiplied by e^λ. What one sees depends on atol: with atol = 10⁻⁶ the forward solution is noise once e^{−λ} is below it; with atol = 0 every digit of the decayed solution is kept, and the reverse solve works until e^{−λ} leaves the range of numbers.")
			panel := plots.Panel{X: plots.Axis{Label: "λ", Log: true}, Y: plots.Axis{Label: "|u(0) − 1| after the return", Log: true}}
			at := map[float64][]float64{}
			for i, atol := range []float64{1e-6, 0} {
				s := plots.Series{Name: "atol = " + num(atol), Style: plots.Style{Marker: plots.MarkerAt(i), Size: 4}}
				for _, rate := range rates {
					e, err := roundTrip(ctx, rate, 1e-6, atol)
					if err != nil {
						return nil, err
					}
					s.X, s.Y = append(s.X, rate), append(s.Y, e)
				}
				at[atol] = s.Y
				panel.Series = append(panel.Series, s)
			}
			// the exponent of growth, over rates where the forward solution has decayed into atol
			i, j := nearest(rates, 20), nearest(rates, 60)
			f := linearFinding{growth: math.Log(at[1e-6][j]/at[1e-6][i]) / (rates[j] - rates[i]), last: at[0][len(rates)-1]}
			hundred, err := errorsAtHundred(ctx, &f)
			if err != nil {
				return nil, err
			}
			r.Tables = append(r.Tables, hundred)
			f.judge(r)
			near := plots.Panel{Title: "λ ≤ 100", X: plots.Axis{Label: "λ"}, Y: panel.Y}
			for _, s := range panel.Series {
				n := nearest(rates, 100) + 1
				near.Series = append(near.Series, plots.Series{Name: s.Name, X: s.X[:n], Y: s.Y[:n], Style: s.Style})
			}
			panel.Legend = plots.LegendNone
			r.Figures = append(r.Figures, Figure{"fig3", "Error at t = 0 after solving u' = −λu forward and backward, for λ up to 100 and for all; what is not drawn failed or overflowed.", &plots.Figure{Panels: [][]plots.Panel{{near, panel}}}})
			return r, nil
		},
	}
}

// roundTrip is the error at t = 0 after a solve to t = 1 and back; +Inf where the solve failed.
func roundTrip(ctx context.Context, rate, rtol, atol float64) (float64, error) {
	p := ode.Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = -rate * y[0] })
	opt := ode.Options{Method: ode.Tsit5, RTol: rtol, ATol: []float64{atol}}
	fwd, err := ode.Solve(ctx, p, 0, 1, []float64{1}, opt)
	if err != nil {
		return math.Inf(1), context.Cause(ctx)
	}
	rev, err := ode.Solve(ctx, p, 1, 0, fwd.YEnd, opt)
	if err != nil {
		return math.Inf(1), context.Cause(ctx)
	}
	return math.Abs(rev.YEnd[0] - 1), nil
}

// errorsAtHundred is the error of the round trip at λ = 100 under several tolerances. It notes those of the paper's solver by default, and under which
// tolerances the error is 1 %.
func errorsAtHundred(ctx context.Context, f *linearFinding) (Table, error) {
	t := Table{Name: "fig3-tolerances", Caption: "Error at λ = 100 under other tolerances.", Shown: true, Header: []string{"rtol", "atol = 0", "atol = rtol", "atol = 1e-3·rtol"}}
	kinds := []struct {
		words string
		of    func(rtol float64) float64
	}{{"atol = 0", func(float64) float64 { return 0 }}, {"atol = rtol", func(r float64) float64 { return r }}, {"atol = 1e-3·rtol", func(r float64) float64 { return 1e-3 * r }}}
	at := make([][]float64, len(kinds))
	var rtols []float64
	for e := 2; e <= 13; e++ {
		rtol := math.Pow10(-e)
		row := []string{num(rtol)}
		for i, k := range kinds {
			v, err := roundTrip(ctx, 100, rtol, k.of(rtol))
			if err != nil {
				return t, err
			}
			at[i] = append(at[i], v)
			row = append(row, num(v))
			if e == 3 && i == 2 {
				f.defaults = v
			}
		}
		rtols = append(rtols, rtol)
		t.Rows = append(t.Rows, row)
	}
	for i, k := range kinds {
		for j := 1; j < len(rtols); j++ {
			if a, b := at[i][j-1], at[i][j]; a >= 0.01 && b < 0.01 {
				f.onePercent = append(f.onePercent, fmt.Sprintf("rtol between %s and %s with %s", num(rtols[j]), num(rtols[j-1]), k.words))
			}
		}
	}
	return t, nil
}

func nearest(v []float64, x float64) int {
	best := 0
	for i, a := range v {
		if math.Abs(a-x) < math.Abs(v[best]-x) {
			best = i
		}
	}
	return best
}
