package ode

// ApproximateJacobian reports whether the Jacobian of a field is one that FiniteDifference supplies. Newton's iteration does not mind; the
// exact derivative of a Rosenbrock step, in which the Jacobian is part of the formula, does.
func ApproximateJacobian(f Field) bool {
	switch f.(type) {
	case *differenced, *differencedParam, *differencedBatch, *differencedSplit:
		return true
	}
	return false
}
