package model

import (
	"fmt"
	"math"
	"slices"
)

// An InputKind is a way to make network inputs of states.
type InputKind string

const (
	// InputNone gives the network the state itself, as the paper does.
	InputNone InputKind = "none"
	// InputLinear gives it (y − c)/s.
	InputLinear InputKind = "linear"
	// InputLog gives it (asinh(y/ε) − c)/s, a logarithm that is defined and smooth for every y: close to log(2y/ε) where y
	// is much larger than the floor ε, linear where |y| is smaller, and odd, so that y ≤ 0 has a place too.
	InputLog InputKind = "log"
)

// InputKinds are the names of the kinds.
func InputKinds() []string { return []string{string(InputNone), string(InputLinear), string(InputLog)} }

func (k InputKind) valid() bool { return slices.Contains(InputKinds(), string(k)) }

// Input is the way from the states to the network's inputs: one kind, and constants for every state. Those of
// states that the network does not see have no meaning.
type Input struct {
	Kind   InputKind `json:"kind"`
	Center []float64 `json:"center,omitempty"` // c; absent for none
	Scale  []float64 `json:"scale,omitempty"`  // s; absent for none
	Floor  []float64 `json:"floor,omitempty"`  // ε; only for log
}

// NewInput chooses the constants from the smallest and the largest value of every state, so that linear and logarithmic inputs lie
// between −1 and 1 over that range, except that linear inputs of states that begin at zero keep zero at zero. The floor of a
// logarithmic input is decades decades below the largest magnitude.
func NewInput(kind InputKind, lo, hi []float64, decades float64) Input {
	n := len(lo)
	in := Input{Kind: kind}
	if kind == InputNone {
		return in
	}
	in.Center, in.Scale = make([]float64, n), make([]float64, n)
	if kind == InputLog {
		in.Floor = make([]float64, n)
	}
	for i := range n {
		a, b := lo[i], hi[i]
		if kind == InputLog {
			size := max(math.Abs(a), math.Abs(b))
			if !(size > 1e-290) {
				size = 1
			}
			in.Floor[i] = size * math.Pow(10, -decades)
			a, b = math.Asinh(a/in.Floor[i]), math.Asinh(b/in.Floor[i])
		}
		in.Center[i], in.Scale[i] = (a+b)/2, (b-a)/2
		if kind == InputLinear && math.Abs(a) <= 1e-3*math.Abs(b) {
			in.Center[i], in.Scale[i] = 0, math.Abs(b)
		}
		if !positive(in.Scale[i]) || in.Scale[i] < 0x1p-1022 {
			in.Scale[i] = 1
		}
	}
	return in
}

func (in Input) validate(n int) error {
	var want map[string]int
	switch in.Kind {
	case InputNone:
		want = map[string]int{"center": 0, "scale": 0, "floor": 0}
	case InputLinear:
		want = map[string]int{"center": n, "scale": n, "floor": 0}
	case InputLog:
		want = map[string]int{"center": n, "scale": n, "floor": n}
	default:
		return fmt.Errorf("model: unknown input scaling %q", in.Kind)
	}
	for name, v := range map[string][]float64{"center": in.Center, "scale": in.Scale, "floor": in.Floor} {
		if len(v) != want[name] {
			return fmt.Errorf("model: input scaling %s has %d values for %s, want %d", in.Kind, len(v), name, want[name])
		}
		for i, x := range v {
			if !finite(x) || name != "center" && x <= 0 {
				return fmt.Errorf("model: input scaling: %s number %d is %g", name, i+1, x)
			}
		}
	}
	return nil
}

// constants returns those of one state.
func (in Input) constants(i int) transform {
	t := transform{kind: in.Kind, scale: 1}
	if in.Kind != InputNone {
		t.center, t.scale = in.Center[i], in.Scale[i]
	}
	if in.Kind == InputLog {
		t.floor = in.Floor[i]
	}
	return t
}

// constants returns those of the time.
func (t *TimeInput) constants() transform {
	if t.Kind == InputNone {
		return transform{kind: t.Kind, scale: 1}
	}
	return transform{t.Kind, t.Center, t.Scale, t.Floor}
}

// transform is the way from one number to one network input.
type transform struct {
	kind                 InputKind
	center, scale, floor float64
}

// linear returns the input where the kind is not log.
func (t *transform) linear(y float64) float64 { return (y - t.center) / t.scale }

// at returns the input and its first and second derivative.
func (t *transform) at(y float64) (x, d1, d2 float64) {
	switch t.kind {
	case InputLog:
		r := math.Hypot(y, t.floor)
		d1 = 1 / (t.scale * r)
		return (math.Asinh(y/t.floor) - t.center) / t.scale, d1, -(y / r) / r * d1
	}
	return t.linear(y), 1 / t.scale, 0
}
