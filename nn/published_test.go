package nn

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stiffnode/stiffnode/internal/testutil"
)

// The published networks of Robertson's problem and POLLU evaluate as a direct transcription of their layers does.
func TestPublishedNetworks(t *testing.T) {
	for _, name := range []string{"rober", "pollu"} {
		t.Run(name, func(t *testing.T) {
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
			last := len(file.Sizes) - 1
			n := MLP{Inputs: file.Sizes[0], Outputs: file.Sizes[last], Hidden: file.Sizes[1:last], Activation: GELU}
			var p []float64
			for _, l := range file.Layers {
				for _, row := range l.W {
					p = append(p, row...)
				}
				p = append(p, l.B...)
			}
			e, err := NewEvaluator(n)
			if err != nil {
				t.Fatal(err)
			}
			e.Bind(p)
			for _, x0 := range []float64{-0.3, 0, 0.01, 1} {
				x := make([]float64, n.Inputs)
				for j := range x {
					x[j] = x0 + 0.07*float64(j)
				}
				want := append([]float64(nil), x...)
				for i, l := range file.Layers {
					y := append([]float64(nil), l.B...)
					for r, row := range l.W {
						for c, w := range row {
							y[r] += w * want[c]
						}
						if i < last-1 {
							y[r] = 0.5 * y[r] * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(y[r]+0.044715*y[r]*y[r]*y[r])))
						}
					}
					want = y
				}
				got := make([]float64, n.Outputs)
				e.Value(got, x)
				closeTo(t, "value", got, want, 1e-12)
			}
		})
	}
}
