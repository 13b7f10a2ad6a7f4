package problems

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stiffnode/stiffnode/internal/testutil"
)

// The tables of this package against solutions that others have published, to the digits that these are known to be right
// (E5: this package's four decades of decay below double precision's smallest numbers count as zero).
func TestReferencesAgreeWithPublishedOnes(t *testing.T) {
	data, err := os.ReadFile(testutil.Shared(t, "reference", "ivp_reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		T1   float64   `json:"t1"`
		Y0   []float64 `json:"y0"`
		YEnd []float64 `json:"y_end"`
		Grid struct {
			T []float64
			Y [][]float64
		}
		Also struct {
			T float64
			Y []float64
		}
	}
	published := map[string]entry{}
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	tolerance := map[string]float64{"HIRES": 1e-13, "POLLU": 1e-13, "OREGO": 1e-12, "ROBER": 1e-13, "VDPOL": 1e-13, "CHEMAKZO": 1e-11, "PLEIADES": 2e-11, "E5": 5e-9}
	for name, e := range published {
		p, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		tol, ok := tolerance[p.Name]
		if !ok {
			t.Errorf("%s: no tolerance", name)
		}
		compare := func(at float64, want []float64) {
			got := make([]float64, len(want))
			if !p.Solution(got, at) {
				t.Errorf("%s: no reference at t = %g", name, at)
				return
			}
			for i, w := range want {
				if math.Abs(got[i]-w) > tol*math.Abs(w)+1e-36 {
					t.Errorf("%s at %g: %s = %.17g, published %.17g", name, at, p.IVP.Names[i], got[i], w)
				}
			}
		}
		compare(0, e.Y0)
		compare(e.T1, e.YEnd)
		for i, at := range e.Grid.T {
			compare(at, e.Grid.Y[i])
		}
		if e.Also.Y != nil {
			compare(e.Also.T, e.Also.Y)
		}
	}
}
