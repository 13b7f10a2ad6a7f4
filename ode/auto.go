package ode

// Pairs that Auto chooses from.
var (
	// AutoTsit5Rodas5P switches between Tsit5 and Rodas5P.
	AutoTsit5Rodas5P Method = switchMethod{explicitMethod{&tsit5}, Rodas5P}
	// AutoTsit5KenCarp4 switches between Tsit5 and KenCarp4.
	AutoTsit5KenCarp4 Method = switchMethod{explicitMethod{&tsit5}, KenCarp4}
	// AutoDOP853Radau switches between DOP853 and Radau.
	AutoDOP853Radau Method = switchMethod{DOP853.(explicitMethod), Radau}
)

// Auto chooses a method by the problem and the tolerance, and between an explicit and an implicit one by the stiffness seen:
//
//	without a mass matrix
//	    up to 100 states, rtol ≥ 1e-7            AutoTsit5(Rodas5P)
//	    up to 100 states, rtol < 1e-7            AutoDOP853(Radau)
//	    more states, or a differenced Jacobian
//	    of more than 8                           AutoTsit5(KenCarp4), which needs few Jacobians and factorisations
//	with a mass matrix
//	    up to 100 states, rtol ≥ 1e-7            Rodas5P
//	    up to 100 states, rtol < 1e-7            Radau
//	    more states                              BDF
//
// A stiff problem with many states and no need for restarts is solved with the least linear algebra by BDF.
var Auto Method = autoMethod{}

const (
	autoSmall      = 100  // states
	autoTight      = 1e-7 // relative tolerance
	autoDifference = 8    // states
)

type autoMethod struct{}

func (autoMethod) Info() Info {
	return Info{
		Name: "auto", Family: "automatic choice", Order: 4, Embedded: 3, DenseOrder: 3, StiffDense: 2, Implicit: true, Mass: true,
		Stability: "L-stable when stiff", Source: "see the methods it chooses from",
	}
}

func (autoMethod) newStepper(c *core) (stepper, error) { return chooseMethod(c).newStepper(c) }

// chooseMethod applies the rule of Auto.
func chooseMethod(c *core) Method {
	small, tight := c.n <= autoSmall, c.rtol < autoTight
	if !c.p.Mass.IsIdentity() {
		switch {
		case !small:
			return BDF
		case tight:
			return Radau
		}
		return Rodas5P
	}
	_, differenced := c.field.(interface{ spent() int })
	switch {
	case !small, differenced && c.n > autoDifference:
		return AutoTsit5KenCarp4
	case tight:
		return AutoDOP853Radau
	}
	return AutoTsit5Rodas5P
}
