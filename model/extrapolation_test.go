package model

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtrapolations(t *testing.T) {
	m := example(t, "paper")
	n := len(m.States)
	m.Span = Span{T0: 1, T1: 10}
	m.Ranges = nil
	for range n {
		m.Ranges = append(m.Ranges, Range{-1, 3})
	}
	row := func(first float64) []float64 {
		out := make([]float64, n)
		out[0] = first
		return out
	}
	for _, c := range []struct {
		name  string
		time  float64
		first float64
		want  []Extrapolation
	}{
		{"inside", 10, 3, nil},
		{"not far outside", 10, 4.9, nil},
		{"far outside", 10, 5.1, []Extrapolation{{0, 10, 5.1, Range{-1, 3}}}},
		{"far below", 10, -3.1, []Extrapolation{{0, 10, -3.1, Range{-1, 3}}}},
		{"late", 11, 0, []Extrapolation{{-1, 11, 11, Range{1, 10}}}},
		{"early", 0.9, 0, []Extrapolation{{-1, 0.9, 0.9, Range{1, 10}}}},
		{"rounding", 10 * (1 + 1e-12), 0, nil},
	} {
		got := m.Extrapolations([]float64{5, c.time}, append(row(0), row(c.first)...))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	// a steady input that had one value
	m.Ranges[0] = Range{300, 300}
	if got := m.Extrapolations([]float64{5}, row(310)); got != nil {
		t.Errorf("310 K instead of 300 K: %v", got)
	}
	if got := m.Extrapolations([]float64{5}, row(600)); len(got) != 1 {
		t.Errorf("600 K instead of 300 K: %v", got)
	}
	// a file of before there were intervals
	m.Ranges = nil
	size := m.RHS.Problem().Scale[0]
	if got := m.Extrapolations([]float64{5}, row(1.9*size)); got != nil {
		t.Errorf("without intervals: %v", got)
	}
	if got := m.Extrapolations([]float64{5}, row(-100*size)); len(got) != 1 {
		t.Errorf("without intervals: %v", got)
	}
}

func TestImpossibleRangesAreRefused(t *testing.T) {
	m := example(t, "paper")
	for _, r := range [][]Range{{{0, 1}}, {{1, 0}, {0, 1}, {0, 1}, {0, 1}, {0, 1}}} {
		if m.Ranges = r; len(r) > 1 {
			m.Ranges = r[:len(m.States)]
		}
		if err := m.Validate(); err == nil {
			t.Errorf("%v was accepted for %d states", m.Ranges, len(m.States))
		}
	}
}
