package nn

import (
	"slices"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

const (
	// laneParams is up to how many parameters the calls on many points carry kernel.LaneWidth of them through all layers at a time: beyond, the sums
	// of every parameter's gradient no longer stay in the caches.
	laneParams = 10_000
	// keptPoints is how many points JacobianBatch remembers, at most.
	keptPoints = 512
)

// laneSpace carries points through a small network, in lanes along the points. It remembers what the latest JacobianBatch has made of its points: their
// gradient is mostly what is asked for next.
type laneSpace struct {
	k    *kernel.LaneNet
	sets []laneSet // the first of them are those of the points remembered
	x    []float64 // the points remembered, a row for each
	jac  []float64
	sums []float64
}

// laneSet is the state of a net at LaneWidth points.
type laneSet struct{ a, d1 []float64 }

func newLaneSpace(k *kernel.Net, n MLP) *laneSpace {
	s := &laneSpace{k: k.Lanes(kernel.LaneWidth), jac: make([]float64, n.Inputs*n.Outputs*kernel.LaneWidth), sums: make([]float64, len(k.Params())*kernel.SumLanes)}
	s.sets = append(s.sets, s.newSet())
	return s
}

func (s *laneSpace) newSet() laneSet {
	a, d1 := s.k.NewState()
	return laneSet{a, d1}
}

// use makes set number i that of the net.
func (s *laneSpace) use(i int) {
	for len(s.sets) <= i {
		s.sets = append(s.sets, s.newSet())
	}
	s.k.Use(s.sets[i].a, s.sets[i].d1)
}

func (s *laneSpace) forget() { s.x = s.x[:0] }

// jacobians is JacobianBatch.
func (s *laneSpace) jacobians(jac, x []float64, n, inputs, outputs int) {
	s.forget()
	keep := n <= keptPoints
	for p := 0; p < n; p += kernel.LaneWidth {
		if keep {
			s.use(p / kernel.LaneWidth)
		}
		count := min(kernel.LaneWidth, n-p)
		gatherLanes(s.k.Inputs(), x[p*inputs:], inputs, count)
		s.k.ForwardJacobian(s.jac)
		for r := range outputs {
			kernel.Transpose(jac[(p*outputs+r)*inputs:], outputs*inputs, s.jac[r*kernel.LaneWidth:], outputs*kernel.LaneWidth, inputs, count)
		}
	}
	if keep {
		s.x = append(s.x, x...)
	}
}

// paramVJPs is ParamVJPBatch.
func (s *laneSpace) paramVJPs(gp, gx, x, w []float64, n, inputs, outputs int) {
	known := slices.Equal(x, s.x)
	for p := 0; p < n; p += kernel.LaneWidth {
		count := min(kernel.LaneWidth, n-p)
		if known {
			s.use(p / kernel.LaneWidth)
		} else {
			s.forget()
			gatherLanes(s.k.Inputs(), x[p*inputs:], inputs, count)
			s.k.ForwardDerivative()
		}
		adjoints := s.k.Adjoints()
		gatherLanes(adjoints, w[p*outputs:], outputs, count)
		if count < kernel.LaneWidth {
			for r := range outputs {
				clear(adjoints[r*kernel.LaneWidth+count : (r+1)*kernel.LaneWidth])
			}
		}
		rows := s.k.Backward(s.sums, gx != nil)
		if gx != nil {
			kernel.Transpose(gx[p*inputs:], inputs, rows, kernel.LaneWidth, inputs, count)
		}
	}
	s.k.Collect(gp, s.sums)
}

// gatherLanes turns the rows of up to LaneWidth points, n numbers each, into lanes; what lanes are left hold the last point once more.
func gatherLanes(rows, x []float64, n, count int) {
	kernel.Transpose(rows, kernel.LaneWidth, x, n, count, n)
	for j := range n {
		row := rows[j*kernel.LaneWidth:][:kernel.LaneWidth]
		for c := count; c < kernel.LaneWidth; c++ {
			row[c] = row[count-1]
		}
	}
}
