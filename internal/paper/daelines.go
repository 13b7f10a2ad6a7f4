package paper

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// daeStudyLines is the number of lines through parameter space, daeStudyPoints the number of points of each.
const (
	daeStudyLines  = 20
	daeStudyPoints = 121
)

// daeLine is the loss along a line: NaN where it does not exist.
type daeLine []float64

// missing is the number of points without a loss.
func (l daeLine) missing() int {
	n := 0
	for _, v := range l {
		if math.IsNaN(v) {
			n++
		}
	}
	return n
}

// jump is the largest change between neighbouring points, relative to the range of the loss along the line.
func (l daeLine) jump() float64 {
	lo, hi, largest := math.Inf(1), math.Inf(-1), 0.0
	for i, v := range l {
		if math.IsNaN(v) {
			continue
		}
		lo, hi = min(lo, v), max(hi, v)
		if i > 0 && !math.IsNaN(l[i-1]) {
			largest = max(largest, math.Abs(v-l[i-1]))
		}
	}
	if hi <= lo {
		return 0
	}
	return largest / (hi - lo)
}

// lossLines follows the loss of a DAE from one random network to another, where every optimiser must find its way.
func lossLines(ctx context.Context, rhs *model.Scaled, problem *ode.Problem, set *data.Set) ([]daeLine, error) {
	tr := &set.Trajectories[0]
	ranges := set.Stats().Ranges()
	s, err := ode.NewSolver(problem, ode.Options{Method: ode.Rodas5P, RTol: 1e-6, MaxSteps: 5000, SaveAt: tr.Times})
	if err != nil {
		return nil, err
	}
	m := rhs.NumParams()
	a, b, p := make([]float64, m), make([]float64, m), make([]float64, m)
	var lines []daeLine
	for n := range uint64(daeStudyLines) {
		rhs.Init(a, nn.GlorotNormal, 2*n+1)
		rhs.Init(b, nn.GlorotNormal, 2*n+2)
		line := make(daeLine, daeStudyPoints)
		for i := range line {
			x := float64(i) / (daeStudyPoints - 1)
			for j := range p {
				p[j] = (1-x)*a[j] + x*b[j]
			}
			s.Field().(ode.ParamField).Bind(p)
			sol, err := s.Solve(ctx, tr.Times[0], tr.Times[len(tr.Times)-1], tr.Row(0, 3))
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			var failure *ode.Failure
			if err != nil {
				if !errors.As(err, &failure) {
					return nil, err
				}
				line[i] = math.NaN()
				continue
			}
			for v, y := range sol.Y {
				line[i] += math.Abs(y-tr.Values[v]) / ranges[v%3] / float64(len(sol.Y))
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// lossesAlongLines compares lines of the two ways to have an algebraic equation, and draws the one with the most gaps and jumps.
func lossesAlongLines(ctx context.Context, r *Result, found *daeStudyFinding, learned *model.Scaled, naive *ode.Problem, given *model.DAE, set *data.Set) error {
	a, err := lossLines(ctx, learned, naive, set)
	if err != nil {
		return err
	}
	b, err := lossLines(ctx, given.Scaled, given.Problem(), set)
	if err != nil {
		return err
	}
	total := daeStudyLines * daeStudyPoints
	table := Table{Name: "dae-study-lines", Shown: true, Header: []string{"algebraic equation", "lines between random networks", "points without a loss", "lines with such points", "largest change from point to point, of the range: median line", "worst line"}}
	summary := func(name string, lines []daeLine) (missing int, typical float64) {
		broken := 0
		var jumps []float64
		for _, l := range lines {
			missing += l.missing()
			if l.missing() > 0 {
				broken++
			}
			jumps = append(jumps, l.jump())
		}
		typical = median(jumps)
		table.Rows = append(table.Rows, []string{name, fmt.Sprint(daeStudyLines), fmt.Sprintf("%d of %d", missing, total), fmt.Sprint(broken), num(typical), num(slices.Max(jumps))})
		return missing, typical
	}
	lostA, jumpA := summary("learned, 0 = NN₃(y)", a)
	lostB, jumpB := summary("given, 0 = y1 + y2 + y3 − 1", b)
	r.Tables = append(r.Tables, table)
	found.points, found.lost, found.givenLost, found.jump, found.givenJump = total, lostA, lostB, jumpA, jumpB

	worst := 0
	score := func(l daeLine) float64 { return float64(l.missing())/daeStudyPoints + l.jump() }
	for i := range a {
		if a[i].missing() < daeStudyPoints/2 && score(a[i]) > score(a[worst]) {
			worst = i
		}
	}
	x := make([]float64, daeStudyPoints)
	for i := range x {
		x[i] = float64(i) / (daeStudyPoints - 1)
	}
	panel := plots.Panel{X: plots.Axis{Label: "from one random network to another"}, Y: plots.Axis{Label: "scaled mae", Log: true}, Series: []plots.Series{
		{Name: "equation learned", X: x, Y: a[worst], Style: plots.Style{Marker: plots.Disc, Size: 3}}, {Name: "equation given", X: x, Y: b[worst]},
	}}
	r.Figures = append(r.Figures, Figure{"dae-study", "The loss along a line in parameter space, that of twenty with the most gaps and jumps. A gap is where no consistent initial values exist or the solve fails.", &plots.Figure{Panels: [][]plots.Panel{{panel}}}})
	return nil
}
