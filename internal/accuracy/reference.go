package accuracy

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// Agreement is how far two methods of different families may differ, relative to max |y_i|, for the solution of one to be a reference.
const Agreement = 1e-11

// referencePoints is the number of times in a table.
const referencePoints = 20

// Reference solves a trial by two methods at a tolerance and writes the solution of the first as a table for ode/problems/reference, with what it
// was compared with. The error says by how much they differ where that is too much.
func Reference(ctx context.Context, w io.Writer, p *problems.Trial, methods [2]ode.Method, rtol [2]float64) error {
	n := p.IVP.Dim
	var times []float64
	for i := 1; i <= referencePoints; i++ {
		times = append(times, p.T0+(p.T1-p.T0)*float64(i)/referencePoints)
	}
	times[referencePoints-1] = p.T1
	ends := append(slices.Clone(p.Hit), times...) // steps end on the times of the table, so that dense output has no part in it
	slices.Sort(ends)
	var rows [2][]float64
	for k, m := range methods {
		sol, err := ode.Solve(ctx, p.IVP, p.T0, p.T1, p.Y0, ode.Options{
			Method: m, RTol: rtol[k], ATol: p.AbsTol(rtol[k]), Hit: ends, MaxSteps: 500_000_000, SaveAt: times,
		})
		if err != nil {
			return fmt.Errorf("accuracy: %s with %s: %w", p.Name, m.Info().Name, err)
		}
		rows[k] = sol.Y
	}
	size := make([]float64, n)
	for i, v := range append(slices.Clone(p.Y0), rows[0]...) {
		size[i%n] = max(size[i%n], math.Abs(v))
	}
	worst, at := 0.0, 0
	for i, v := range rows[0] {
		if d := math.Abs(v-rows[1][i]) / size[i%n]; d > worst {
			worst, at = d, i
		}
	}
	if worst > Agreement {
		return fmt.Errorf("accuracy: %s: %s and %s differ by %.2g of the largest %s at t = %g, which is more than %g", p.Name, methods[0].Info().Name, methods[1].Info().Name, worst, p.IVP.Name(at%n), times[at/n], Agreement)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s at rtol %g; %s at rtol %g differs by at most %.1e of each state's largest value.\n", methods[0].Info().Name, rtol[0], methods[1].Info().Name, rtol[1], worst)
	fmt.Fprintf(&b, "# Made by stiffnode bench accuracy --reference %s.\nt", p.Name)
	for i := range n {
		fmt.Fprintf(&b, ",y%d", i+1)
	}
	b.WriteString("\n")
	for i, t := range times {
		b.WriteString(strconv.FormatFloat(t, 'g', -1, 64))
		for _, v := range rows[0][i*n : (i+1)*n] {
			b.WriteString("," + strconv.FormatFloat(v, 'g', -1, 64))
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
