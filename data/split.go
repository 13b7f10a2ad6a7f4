package data

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// SplitTimes holds out every n-th row of each trajectory for judging a model. The first and the last row are never held
// out; which of the others the count begins with depends on the seed. The held set's trajectories begin with the
// initial row too, which the metric does not count. n is at least 2; trajectories with fewer than three rows have nothing to give.
func (s *Set) SplitTimes(n int, seed uint64) (train, held *Set, err error) {
	if n < 2 {
		return nil, nil, &Error{Msg: fmt.Sprintf("every %d-th time cannot be held out", n), Remedy: "hold out every second or fewer"}
	}
	train, held = s.empty(), s.empty()
	for k := range s.Trajectories {
		tr := &s.Trajectories[k]
		offset := rand.New(rand.NewPCG(seed, uint64(k))).IntN(n)
		kept, out := tr.start(len(s.States)), tr.start(len(s.States))
		for i := 1; i < len(tr.Times); i++ {
			if i < len(tr.Times)-1 && (i-1)%n == offset {
				out.take(tr, i, len(s.States))
			} else {
				kept.take(tr, i, len(s.States))
			}
		}
		train.Trajectories, held.Trajectories = append(train.Trajectories, kept), append(held.Trajectories, out)
	}
	return train, held, nil
}

// SplitTrajectories holds out n trajectories, chosen by the seed, and leaves at least one. Both parts keep the set's order.
func (s *Set) SplitTrajectories(n int, seed uint64) (train, held *Set, err error) {
	if total := len(s.Trajectories); n < 1 || n >= total {
		return nil, nil, &Error{Msg: fmt.Sprintf("%d of %d trajectories cannot be held out", n, total), Remedy: "hold out one or more, and leave one or more to learn from"}
	}
	chosen := rand.New(rand.NewPCG(seed, 0)).Perm(len(s.Trajectories))[:n]
	train, held = s.empty(), s.empty()
	for k := range s.Trajectories {
		part := train
		if slices.Contains(chosen, k) {
			part = held
		}
		part.Trajectories = append(part.Trajectories, s.Trajectories[k])
	}
	train, held = train.Clone(), held.Clone()
	return train, held, nil
}

// empty returns a set of the same states without trajectories and notes, from the same files.
func (s *Set) empty() *Set {
	return &Set{States: slices.Clone(s.States), Units: slices.Clone(s.Units), TimeName: s.TimeName, TimeUnit: s.TimeUnit, Sources: slices.Clone(s.Sources)}
}

// start returns a trajectory that has the first row alone.
func (tr *Trajectory) start(n int) Trajectory {
	out := Trajectory{Name: tr.Name}
	out.take(tr, 0, n)
	return out
}

// take appends row i of another trajectory.
func (tr *Trajectory) take(from *Trajectory, i, n int) {
	tr.Times = append(tr.Times, from.Times[i])
	tr.Values = append(tr.Values, from.Row(i, n)...)
	if from.Weights != nil {
		tr.Weights = append(tr.Weights, from.Weights[i*n:(i+1)*n]...)
	}
}
