package problem

import (
	"strings"
	"testing"
)

func TestNamesOfChoices(t *testing.T) {
	if s, err := ParseScale("log10"); err != nil || s != Log10 || s.String() != "log10" {
		t.Errorf("%v, %v", s, err)
	}
	if i, err := ParseInterpolation("step"); err != nil || i != StepInterpolation {
		t.Errorf("%v, %v", i, err)
	}
	if _, err := ParseDistribution("lognormal"); err == nil || !strings.Contains(err.Error(), `"log-normal"`) {
		t.Errorf("error %v does not suggest what was meant", err)
	}
}
