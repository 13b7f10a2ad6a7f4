package bench

import (
	"strings"
	"testing"
)

// The parts of the study that train nothing hold, and those that look at signs and refusals have something to say.
func TestConstraintsWithoutTraining(t *testing.T) {
	r := &Report{}
	o := ConstraintOptions{Say: func(string, ...any) {}}
	if err := signs(t.Context(), r, o); err != nil {
		t.Fatal(err)
	}
	if err := contradictions(t.Context(), r, o); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Claims {
		if !c.Agrees {
			t.Error(c.Text)
		}
	}
	if len(r.Claims) < 10 {
		t.Errorf("%d claims", len(r.Claims))
	}
	if free := r.Tables[0].Rows[1]; !strings.HasPrefix(free[1], "-") {
		t.Errorf("unconstrained networks take nothing from states that are zero (%v): this study shows nothing", free)
	}
}
