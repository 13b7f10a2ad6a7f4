package model

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/internal/testutil"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// columns reads a table of numbers: times, then rows of states.
func columns(t *testing.T, path string) (times []float64, rows [][]float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var row []float64
		for _, cell := range strings.Fields(sc.Text()) {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, v)
		}
		times, rows = append(times, row[0]), append(rows, row[1:])
	}
	return times, rows
}

// published makes a model of a network that Kim et al. published.
func published(t *testing.T, name string, yscale []float64, tscale float64) *Model {
	t.Helper()
	raw, err := os.ReadFile(testutil.Shared(t, "reference", name+"_published_network.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Sizes  []int
		Layers []struct {
			W [][]float64
			B []float64
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	c := ScaledConfig{Hidden: file.Sizes[1 : len(file.Sizes)-1], Activation: nn.GELU, Input: Input{Kind: InputNone}, YScale: yscale, TScale: tscale}
	for i := range yscale {
		c.States = append(c.States, State{Name: "y" + strconv.Itoa(i+1), Role: Learned})
	}
	s, err := NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{States: c.States, TimeName: "t", RHS: s, Solver: Solver{Method: "Rosenbrock23", RTol: 1e-3}, Span: Span{T1: tscale}}
	for _, l := range file.Layers {
		for _, row := range l.W {
			m.Params = append(m.Params, row...)
		}
		m.Params = append(m.Params, l.B...)
	}
	return m
}

// The published networks, put into a model file, give the published losses (Eq. 14, plain means over all values, with the scale of the
// released scripts), and Rosenbrock23 at rtol 1e-3 stays within 0.01 of the exact solution.
func TestPublishedNetworks(t *testing.T) {
	for _, c := range []struct {
		name   string
		y0     []float64
		spread bool
		loss   float64 // recomputed with an independent solver of order 13 at 1e-15 in long double
	}{
		{"rober", []float64{1, 0, 0}, false, 0.005879},
		{"pollu", nil, true, 0.003071},
	} {
		t.Run(c.name, func(t *testing.T) {
			times, want := columns(t, testutil.Shared(t, "peers", "cvodes", "data", c.name+"_ref.txt"))
			k := len(want[0])
			scale := make([]float64, k)
			for i := range scale {
				lo, hi := want[0][i], want[0][i]
				for _, row := range want {
					lo, hi = min(lo, row[i]), max(hi, row[i])
				}
				scale[i] = hi
				if c.spread {
					scale[i] = hi - lo
				}
			}
			y0 := c.y0
			if y0 == nil {
				y0 = want[0]
			}
			m, err := Decode(encode(t, published(t, c.name, scale, times[len(times)-1])))
			if err != nil {
				t.Fatal(err)
			}
			solve := func(opt ode.Options) []float64 {
				t.Helper()
				p, err := m.NewPredictorWith(opt)
				if err != nil {
					t.Fatal(err)
				}
				y, err := p.Predict(context.Background(), 0, y0, times)
				if err != nil {
					t.Fatal(err)
				}
				return y
			}
			exact := solve(ode.Options{Method: ode.Rosenbrock23, RTol: 1e-7})
			loss := 0.0
			for i, row := range want {
				for j, v := range row {
					loss += math.Abs(exact[i*k+j]-v) / scale[j]
				}
			}
			if loss /= float64(k * len(want)); math.Abs(loss-c.loss) > 5e-7 {
				t.Errorf("loss %.7f, published network's is %.6f", loss, c.loss)
			}
			opt, err := m.Solver.Options()
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for i, v := range solve(opt) {
				worst = max(worst, math.Abs(v-exact[i])/scale[i%k])
			}
			if worst > 0.01 {
				t.Errorf("Rosenbrock23 at rtol 1e-3 is off by %.3g of the scale", worst)
			}
			t.Logf("loss %.7f, error at rtol 1e-3 %.2g", loss, worst)
		})
	}
}
