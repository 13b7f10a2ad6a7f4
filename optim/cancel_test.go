package optim

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
)

// plane is a linear problem whose evaluation takes no time and looks at no context: only the linear algebra is left to do so.
type plane struct{ jac, target []float64 }

func (p *plane) Dims() (int, int) { return len(p.target), len(p.jac) / len(p.target) }

func (p *plane) Residual(_ context.Context, r, x []float64) error {
	mulMatrix(r, p.jac, x)
	for i, t := range p.target {
		r[i] = math.Tanh(r[i]) - t
	}
	return nil
}

func (p *plane) ResidualJacobian(ctx context.Context, r, jac, x []float64) error {
	mulMatrix(r, p.jac, x)
	n := len(x)
	for i, t := range p.target {
		slope := 1 - math.Tanh(r[i])*math.Tanh(r[i])
		r[i] = math.Tanh(r[i]) - t
		for j := range n {
			jac[i*n+j] = slope * p.jac[i*n+j]
		}
	}
	return nil
}

// looks is a context that is cancelled after it has been looked at a number of times.
type looks struct {
	context.Context
	left atomic.Int64
}

func (c *looks) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// An iteration looks at its context so often that no more than some millions of operations lie in between, and one that is cancelled anywhere
// leaves the method where it was.
func TestIterationsLookAtTheirContext(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, d := range []struct{ rows, cols int }{{700, 90}, {90, 700}} {
		p := &plane{randomVector(rng, d.rows*d.cols), randomVector(rng, d.rows)}
		start := make([]float64, d.cols)
		fresh := func() *LevenbergMarquardt {
			l, err := NewLevenbergMarquardt(p, start, LMConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Evaluate(context.Background()); err != nil {
				t.Fatal(err)
			}
			return l
		}
		whole := fresh()
		counting := &looks{Context: context.Background()}
		const plenty = 1 << 40
		counting.left.Store(plenty)
		if _, err := whole.Iterate(counting); err != nil {
			t.Fatal(err)
		}
		want := make([]float64, d.cols)
		whole.Params(want)
		seen := int(plenty - counting.left.Load())
		work := d.rows * d.cols * min(d.rows, d.cols)
		if most := 5_000_000; work/seen > most {
			t.Errorf("%d×%d: %d looks for %d multiplications; one for %d at least", d.rows, d.cols, seen, work, most)
		}
		for left := 0; left < seen; left += 1 + seen/20 {
			l := fresh()
			ctx := &looks{Context: context.Background()}
			ctx.left.Store(int64(left))
			if _, err := l.Iterate(ctx); err == nil {
				t.Errorf("%d×%d: cancelled at look %d of %d, it went on", d.rows, d.cols, left, seen)
				continue
			}
			got := make([]float64, d.cols)
			if l.Params(got); !slices.Equal(got, start) {
				t.Errorf("%d×%d: cancelled at look %d of %d, it has moved", d.rows, d.cols, left, seen)
			}
			if _, err := l.Iterate(context.Background()); err != nil {
				t.Fatal(err)
			}
			if l.Params(got); !slices.Equal(got, want) {
				t.Errorf("%d×%d: cancelled at look %d of %d, it goes on to another point", d.rows, d.cols, left, seen)
			}
		}
	}
}
