package kernel

import "math"

// Func is a scalar function applied to the pre-activations of a layer.
type Func uint8

// The activation functions. GELU is the tanh form of Hendrycks and Gimpel (2016), GELUErf the exact x·Φ(x).
const (
	Identity Func = iota
	Tanh
	GELU
	GELUErf
	ReLU
	LeakyReLU
	Softplus
	SiLU
	ELU
	Sinh
	NumFuncs // the number of functions, not one of them
)

// LeakySlope is the slope of LeakyReLU for negative arguments.
const LeakySlope = 0.01

// Arguments beyond these bounds are treated as being at the limit of the function: what is cut off is smaller than 1e-290 or, for a
// function that grows, far below one unit in the last place. Inside them no intermediate result overflows or is subnormal.
const (
	tanhBound    = 340. // exp(-2·340) = 5e-296
	geluBound    = 20.9 // exp(-u) of the sigmoid form is 1e-298
	geluErfBound = 36.5 // exp(-x²/2) is 5e-290
	sigmoidBound = 680. // exp(-680) = 5e-296
)

const (
	geluA = 0.7978845608028653558798921198687637 // √(2/π)
	geluB = 0.044715
)

var scalarFuncs = [NumFuncs]func(x float64) (v, d1, d2 float64){
	Identity:  identity,
	Tanh:      tanh,
	GELU:      gelu,
	GELUErf:   geluErf,
	ReLU:      relu,
	LeakyReLU: leakyReLU,
	Softplus:  softplus,
	SiLU:      silu,
	ELU:       elu,
	Sinh:      sinh,
}

// At returns the function's value and first and second derivative at x.
//
// At a kink (ReLU, LeakyReLU) the derivative is the one from the left; the second derivative of ELU at 0 too. NaN gives three NaNs,
// infinities the limits.
func (f Func) At(x float64) (v, d1, d2 float64) { return scalarFuncs[f](x) }

// Value writes f(z) into dst.
func (f Func) Value(dst, z []float64) {
	dst = dst[:len(z)]
	fn := scalarFuncs[f]
	for i, x := range z {
		dst[i], _, _ = fn(x)
	}
}

// Value1 writes f(z) into dst and f′(z) into d1.
func (f Func) Value1(dst, d1, z []float64) {
	dst, d1 = dst[:len(z)], d1[:len(z)]
	fn := scalarFuncs[f]
	for i, x := range z {
		dst[i], d1[i], _ = fn(x)
	}
}

// Value2 writes f(z) into dst, f′(z) into d1 and f″(z) into d2.
func (f Func) Value2(dst, d1, d2, z []float64) {
	dst, d1, d2 = dst[:len(z)], d1[:len(z)], d2[:len(z)]
	fn := scalarFuncs[f]
	for i, x := range z {
		dst[i], d1[i], d2[i] = fn(x)
	}
}

func identity(x float64) (v, d1, d2 float64) {
	if x != x {
		return x, x, x
	}
	return x, 1, 0
}

func tanh(x float64) (v, d1, d2 float64) {
	a := math.Abs(x)
	if a > tanhBound {
		return math.Copysign(1, x), 0, 0
	}
	// With e = exp(−2|x|): tanh|x| = (1−e)/(1+e), sech² = 4e/(1+e)²; 1−e from expm1, exact to the last place for small x too.
	m := math.Expm1(-2 * a)
	e := math.Exp(-2 * a)
	w := 1 / (1 + e)
	v = math.Copysign(-m*w, x)
	d1 = 4 * e * w * w
	return v, d1, -2 * v * d1
}

// gelu is x·σ(u), u = 2√(2/π)(x + 0.044715x³), which equals ½x(1 + tanh(u/2)) without its cancellation for negative x.
func gelu(x float64) (v, d1, d2 float64) {
	switch {
	case x > geluBound:
		return x, 1, 0
	case x < -geluBound:
		return math.Copysign(0, -1), 0, 0
	}
	u := 2 * geluA * x * (1 + geluB*x*x)
	u1 := 2 * geluA * (1 + 3*geluB*x*x)
	u2 := 12 * geluA * geluB * x
	e := math.Exp(-u)
	s := 1 / (1 + e)
	t := e * s * s   // σ′ = σ(1−σ), with 1−σ = e·σ
	c := (e - 1) * s // 1 − 2σ
	return x * s, s + x*t*u1, t * (2*u1 + x*(u2+c*u1*u1))
}

func geluErf(x float64) (v, d1, d2 float64) {
	switch {
	case x > geluErfBound:
		return x, 1, 0
	case x < -geluErfBound:
		return math.Copysign(0, -1), 0, 0
	}
	cdf := 0.5 * math.Erfc(-x/math.Sqrt2)
	pdf := math.Exp(-0.5*x*x) / math.Sqrt(2*math.Pi)
	return x * cdf, cdf + x*pdf, pdf * (2 - x*x)
}

func relu(x float64) (v, d1, d2 float64) {
	switch {
	case x > 0:
		return x, 1, 0
	case x <= 0:
		return 0, 0, 0
	}
	return x, x, x
}

func leakyReLU(x float64) (v, d1, d2 float64) {
	switch {
	case x > 0:
		return x, 1, 0
	case x <= 0:
		return LeakySlope * x, LeakySlope, 0
	}
	return x, x, x
}

func softplus(x float64) (v, d1, d2 float64) {
	switch {
	case x > sigmoidBound:
		return x, 1, 0
	case x < -sigmoidBound:
		return 0, 0, 0
	}
	v = max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	e := math.Exp(-x)
	s := 1 / (1 + e)
	return v, s, e * s * s
}

func silu(x float64) (v, d1, d2 float64) {
	switch {
	case x > sigmoidBound:
		return x, 1, 0
	case x < -sigmoidBound:
		return math.Copysign(0, -1), 0, 0
	}
	e := math.Exp(-x)
	s := 1 / (1 + e)
	t := e * s * s
	c := (e - 1) * s
	return x * s, s + x*t, t * (2 + x*c)
}

func elu(x float64) (v, d1, d2 float64) {
	if x > 0 {
		return x, 1, 0
	}
	e := math.Exp(x)
	return math.Expm1(x), e, e
}

func sinh(x float64) (v, d1, d2 float64) {
	if math.Abs(x) > sigmoidBound {
		// sinh and cosh reach a little beyond the overflow of exp.
		h := math.Exp(0.5 * math.Abs(x))
		d1 = 0.5 * h * h
		v = math.Copysign(d1, x)
		return v, d1, v
	}
	v = math.Sinh(x)
	return v, math.Cosh(x), v
}
