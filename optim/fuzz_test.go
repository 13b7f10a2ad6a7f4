package optim

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// fuzzProblem is a small problem of three residuals in two parameters.
type fuzzProblem struct{ jac [6]float64 }

func (*fuzzProblem) Dims() (int, int) { return 3, 2 }

func (*fuzzProblem) Residual(_ context.Context, r, p []float64) error {
	r[0], r[1], r[2] = 1-p[0], 10*(p[1]-p[0]*p[0]), 0.1*p[1]
	return nil
}

func (f *fuzzProblem) ResidualJacobian(ctx context.Context, r, jac, p []float64) error {
	copy(jac, []float64{-1, 0, -20 * p[0], 10, 0, 0.1})
	return f.Residual(ctx, r, p)
}

func (f *fuzzProblem) Linearise(ctx context.Context, r, p []float64) error {
	return f.ResidualJacobian(ctx, r, f.jac[:], p)
}

func (f *fuzzProblem) JVP(_ context.Context, dst, v []float64) error {
	mulMatrix(dst, f.jac[:], v)
	return nil
}

func (f *fuzzProblem) VJP(_ context.Context, dst, w []float64) error {
	mulTransposed(dst, f.jac[:], w)
	return nil
}

// Whatever a saved state holds, reading it and going on neither panics nor hangs: it is refused, or an error later.
func FuzzState(f *testing.F) {
	methods := func() []Stepwise {
		start := []float64{-1, 2}
		stop := Stop{Window: 3, WindowDecrease: 1e-3}
		nielsen, err1 := NewLevenbergMarquardt(&fuzzProblem{}, start, LMConfig{Scaling: ScaleMore, Curvature: CurvatureGeodesic, Stop: stop})
		region, err2 := NewLevenbergMarquardt(&fuzzProblem{}, start, LMConfig{Damping: DampingTrustRegion, Stop: stop})
		cg, err3 := NewGaussNewtonCG(&fuzzProblem{}, start, GNCGConfig{Stop: stop})
		objective, err4 := NewLossObjective(&fuzzProblem{}, nil)
		if err4 != nil {
			f.Fatal(err4)
		}
		lbfgs, err5 := NewLBFGS(objective, start, LBFGSConfig{Store: 3, Stop: stop})
		for _, err := range []error{err1, err2, err3, err5} {
			if err != nil {
				f.Fatal(err)
			}
		}
		return []Stepwise{nielsen, region, cg, lbfgs}
	}
	for _, m := range methods() {
		for range 4 {
			if _, err := m.Iterate(context.Background()); err != nil {
				f.Fatal(err)
			}
		}
		state, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state[:len(state)-4])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// The checksum is made to agree, or nothing beyond it would be reached.
		state := binary.LittleEndian.AppendUint32(append([]byte(nil), data...), crc32.Checksum(data, crcTable))
		for _, m := range methods() {
			if m.UnmarshalBinary(state) != nil {
				continue
			}
			for range 3 {
				if _, err := m.Iterate(t.Context()); err != nil {
					break
				}
			}
		}
	})
}
