package sens

import (
	"math/cmplx"

	"github.com/stiffnode/stiffnode/internal/linalg"
	"github.com/stiffnode/stiffnode/ode"
)

func singular(prob *ode.Problem) bool { return len(nullSpace(prob)) > 0 }

// nullSpace is an orthonormal basis of the left null space of the mass matrix.
func nullSpace(prob *ode.Problem) (null [][]float64) {
	n := prob.Dim
	for i, d := range prob.Mass.Diagonal {
		if d == 0 {
			e := make([]float64, n)
			e[i] = 1
			null = append(null, e)
		}
	}
	if prob.Mass.Dense != nil {
		null = linalg.LeftNullSpace(prob.Mass.Dense, n)
	}
	return null
}

// complexK is K = M + PPᵀJ with P an orthonormal basis of the left null space of M, and PPᵀ.
func complexK(prob *ode.Problem, jac []complex128) (kk, project []complex128) {
	n := prob.Dim
	kk, project = complexMass(prob), make([]complex128, n*n)
	for _, v := range nullSpace(prob) {
		for i := range n {
			for j := range n {
				project[i*n+j] += complex(v[i]*v[j], 0)
			}
		}
	}
	for i := range n {
		for j := range n {
			for l := range n {
				kk[i*n+j] += project[i*n+l] * jac[l*n+j]
			}
		}
	}
	return kk, project
}

// complexProject moves y to consistent values.
func complexProject(prob *ode.Problem, f twin, t complex128, y, p []complex128) {
	if prob.Mass.IsIdentity() {
		return
	}
	n := len(y)
	complexNewton(y, func(res, w []complex128) {
		fv, jac, ft := make([]complex128, n), make([]complex128, n*n), make([]complex128, n)
		f.eval(fv, jac, ft, t, y, p)
		kk, project := complexK(prob, jac)
		copy(w, kk)
		for i := range n {
			for j := range n {
				res[i] -= project[i*n+j] * fv[j]
			}
		}
	})
}

// complexSlope is y′ at a consistent point: K y′ = (I − PPᵀ)f − PPᵀ∂f/∂t.
func complexSlope(prob *ode.Problem, f twin, t complex128, y, p []complex128) []complex128 {
	n := len(y)
	fv, jac, ft := make([]complex128, n), make([]complex128, n*n), make([]complex128, n)
	f.eval(fv, jac, ft, t, y, p)
	kk, project := complexK(prob, jac)
	b := append([]complex128(nil), fv...)
	for i := range n {
		for j := range n {
			b[i] -= project[i*n+j] * (fv[j] + ft[j])
		}
	}
	complexSolve(kk, b)
	return b
}

func complexMass(prob *ode.Problem) []complex128 {
	k := prob.Dim
	m := make([]complex128, k*k)
	for i := range k {
		e := make([]float64, k)
		e[i] = 1
		col := make([]float64, k)
		prob.Mass.MulVec(col, e)
		for r, v := range col {
			m[r*k+i] = complex(v, 0)
		}
	}
	return m
}

// complexSolve overwrites b with a⁻¹b by Gaussian elimination with partial pivoting.
func complexSolve(a, b []complex128) {
	n := len(b)
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if cmplx.Abs(a[r*n+c]) > cmplx.Abs(a[p*n+c]) {
				p = r
			}
		}
		for j := range n {
			a[c*n+j], a[p*n+j] = a[p*n+j], a[c*n+j]
		}
		b[c], b[p] = b[p], b[c]
		for r := c + 1; r < n; r++ {
			l := a[r*n+c] / a[c*n+c]
			for j := c; j < n; j++ {
				a[r*n+j] -= l * a[c*n+j]
			}
			b[r] -= l * b[c]
		}
	}
	for r := n - 1; r >= 0; r-- {
		for j := r + 1; j < n; j++ {
			b[r] -= a[r*n+j] * b[j]
		}
		b[r] /= a[r*n+r]
	}
}
