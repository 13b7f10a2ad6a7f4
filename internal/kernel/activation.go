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

// Beyond these arguments 2^v of the formulas below has v < −1023 (or > 1023): the function is at its limit, and what is cut off is smaller
// than 1e-290 or far below one unit in the last place.
const (
	tanhBound    = 354.6
	geluBound    = 21.15
	geluErfBound = 37.66
	expBound     = 709.2
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
// At a kink (ReLU, LeakyReLU) the derivative is the one from the left; the second derivative of ELU at 0 too. NaN gives three NaNs
// (except the identity, whose derivatives do not depend on x), infinities the limits.
func (f Func) At(x float64) (v, d1, d2 float64) { return scalarFuncs[f](x) }

// Apply writes f(z) into dst, if order ≥ 1 f′(z) into d1, and if order ≥ 2 f″(z) into d2. All have the length of z; those that the order
// leaves out may be nil. dst may be z.
func (f Func) Apply(order int, dst, d1, d2, z []float64) {
	n := len(z)
	if f >= NumFuncs || len(dst) < n || order >= 1 && len(d1) < n || order >= 2 && len(d2) < n {
		panic("kernel: Apply with a slice too short or an unknown function")
	}
	f.apply(order, dst, d1, d2, z)
}

func (f Func) applyGo(order int, dst, d1, d2, z []float64) {
	fn := scalarFuncs[f]
	switch order {
	case 0:
		for i, x := range z {
			dst[i], _, _ = fn(x)
		}
	case 1:
		d1 = d1[:len(z)]
		for i, x := range z {
			dst[i], d1[i], _ = fn(x)
		}
	default:
		d1, d2 = d1[:len(z)], d2[:len(z)]
		for i, x := range z {
			dst[i], d1[i], d2[i] = fn(x)
		}
	}
}

func identity(x float64) (v, d1, d2 float64) { return x, 1, 0 }

func tanh(x float64) (v, d1, d2 float64) {
	a := math.Abs(x)
	if a > tanhBound {
		return math.Copysign(1, x), 0, 0
	}
	// With e = exp(−2|x|): tanh|x| = (1−e)/(1+e), sech² = 4e/(1+e)²; 1−e is made without cancellation.
	r, scale := reduce(a, -2*log2e, -2*log2eLo)
	p := exp2Minus1(r)
	m := scale*p + (scale - 1)
	e := scale*p + scale
	w := 2 / (2 + m)
	v = math.Copysign(m/(2+m), x)
	d1 = e * w * w
	return v, d1, -2 * v * d1
}

// logistic returns σ = 1/(1+e), σ′ = σ(1−σ) and 1−2σ: 1−σ is e·σ, which keeps its accuracy where σ is close to 1.
func logistic(e float64) (s, slope, skew float64) {
	s = 1 / (1 + e)
	return s, e * s * s, (e - 1) * s
}

// gelu is x·σ(u), u = 2√(2/π)(x + 0.044715x³), which equals ½x(1 + tanh(u/2)) without its cancellation for negative x.
func gelu(x float64) (v, d1, d2 float64) {
	switch {
	case x > geluBound:
		return x, 1, 0
	case x < -geluBound:
		return math.Copysign(0, -1), 0, 0
	}
	x2 := x * x
	r, scale := reduce(x*(-2*geluA*log2e+(-2*geluA*geluB*log2e)*x2), 1, 0)
	e := exp2Fast(r) * scale
	s, slope, skew := logistic(e)
	u1 := 2*geluA + (6*geluA*geluB)*x2
	u2 := 12 * geluA * geluB * x
	return x / (1 + e), s + x*slope*u1, slope * (2*u1 + x*(u2+skew*u1*u1))
}

func geluErf(x float64) (v, d1, d2 float64) {
	switch {
	case x > geluErfBound:
		return x, 1, 0
	case x < -geluErfBound:
		return math.Copysign(0, -1), 0, 0
	}
	cdf, e := normalTail(math.Abs(x))
	if x > 0 {
		cdf = 1 - cdf
	}
	pdf := e * (1 / (math.Sqrt2 * math.SqrtPi))
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
	case x > expBound:
		return x, 1, 0
	case x < -expBound:
		return 0, 0, 0
	}
	// Everything from e = exp(−|x|): log(1+exp(x)) = max(x, 0) + log(1+e), σ(|x|) = 1/(1+e).
	r, scale := reduce(math.Abs(x), -log2e, -log2eLo)
	e := exp2Fast(r) * scale
	w := 1 / (1 + e)
	v, s := log1p(e), e*w
	d2 = s * w
	if x > 0 {
		return x + v, w, d2
	}
	return v, s, d2
}

func silu(x float64) (v, d1, d2 float64) {
	switch {
	case x > expBound:
		return x, 1, 0
	case x < -expBound:
		return math.Copysign(0, -1), 0, 0
	}
	r, scale := reduce(x, -log2e, -log2eLo)
	e := exp2Fast(r) * scale
	s, slope, skew := logistic(e)
	return x / (1 + e), s + x*slope, slope * (2 + x*skew)
}

func elu(x float64) (v, d1, d2 float64) {
	switch {
	case x > 0:
		return x, 1, 0
	case x < -expBound:
		return -1, 0, 0
	}
	r, scale := reduce(x, log2e, log2eLo)
	p := exp2Minus1(r)
	e := scale*p + scale
	return scale*p + (scale - 1), e, e
}

func sinh(x float64) (v, d1, d2 float64) {
	a := math.Abs(x)
	if a > 710.7 {
		return math.Copysign(math.Inf(1), x), math.Inf(1), math.Copysign(math.Inf(1), x)
	}
	// m = (e^|x| − 1)/4 and q = e^|x|/4 are finite wherever sinh and cosh are.
	r, k := reduceInteger(a, log2e, log2eLo)
	p, scale := exp2Minus1(r), pow2(int64(k)-2)
	m := scale*p + (scale - 0.25)
	q := scale*p + scale
	v = math.Copysign(2*m+0.5*(m/q), x)
	return v, 2*q + 0.125/q, v
}
