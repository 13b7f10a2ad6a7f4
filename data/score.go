package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// Score says how far a model is from data.
type Score struct {
	// MAE is the mean of |model − data| / range over all observed values except each trajectory's initial row, states
	// without a range left out: Eq. 14 of Kim et al., Chaos 31, 093122 (2021), made exact.
	MAE    float64
	States []StateScore // those that have a part in it, in the set's order
}

// StateScore is the score of one state. Differences are in units of the state's range, max − min of the data over all trajectories.
type StateScore struct {
	Name string
	MAE  float64 // mean |model − data| / range
	Max  float64 // the largest |model − data| / range

	// Log10 is the mean of |log10(model/data)| where the data exceed 1e-6 of the range, and NaN if they nowhere do. Model
	// values below 1e-12 of the range, negative ones too, count as 1e-12 of it: several decades of error, and finite.
	Log10 float64

	Negative   int // negative model values, if the data have none
	SignErrors int // those among them that are below −1e-6 of the range
	Values     int // number of values compared
}

// Evaluate measures predictions against data. predicted has one slice for each trajectory, of the shape of its Values. ranges are
// the states' ranges, 0 for those that have no part in it; nil takes them from the data (pass Stats.Ranges of the
// whole set to judge a part of it). A prediction that is not finite where a value was observed, or a set in which there is nothing to
// compare, is an error.
func Evaluate(s *Set, predicted [][]float64, ranges []float64) (*Score, error) {
	n := len(s.States)
	if len(predicted) != len(s.Trajectories) {
		return nil, &Error{Msg: fmt.Sprintf("predictions of %d trajectories for %d", len(predicted), len(s.Trajectories))}
	}
	if ranges != nil && len(ranges) != n {
		return nil, &Error{Msg: fmt.Sprintf("%d ranges for %d states", len(ranges), n)}
	}
	score := &Score{}
	total, count := 0.0, 0
	for j := range s.States {
		stats := s.stateStats(j)
		scale := stats.Range()
		if ranges != nil {
			scale = ranges[j]
		}
		if !(scale > 0) {
			continue
		}
		st, sum, err := s.scoreState(j, predicted, scale, stats.Min < 0)
		if err != nil {
			return nil, err
		}
		if st.Values == 0 {
			continue
		}
		st.MAE = sum / float64(st.Values)
		total += sum
		count += st.Values
		score.States = append(score.States, st)
	}
	if count == 0 {
		return nil, &Error{Msg: "there is nothing to compare: no state that varies was observed after the initial rows"}
	}
	score.MAE = total / float64(count)
	return score, nil
}

// scoreState returns the score of a state, except for the mean, whose sum it returns.
func (s *Set) scoreState(j int, predicted [][]float64, scale float64, negativeData bool) (st StateScore, sum float64, err error) {
	const visible, floor = 1e-6, 1e-12
	const most = 1e300 // keeps the mean finite for a model that has blown up
	n := len(s.States)
	st.Name = s.States[j]
	logs, logCount := 0.0, 0
	for k := range s.Trajectories {
		tr := &s.Trajectories[k]
		if len(predicted[k]) != len(tr.Values) {
			return st, 0, &Error{Msg: fmt.Sprintf("trajectory %s: %d predicted values for %d", quote(tr.Name), len(predicted[k]), len(tr.Values))}
		}
		for i := n + j; i < len(tr.Values); i += n {
			d, p := tr.Values[i], predicted[k][i]
			if math.IsNaN(d) {
				continue
			}
			if math.IsNaN(p) || math.IsInf(p, 0) {
				return st, 0, &Error{Column: st.Name, Msg: fmt.Sprintf("the prediction at time %g of trajectory %s is %g", tr.Times[i/n], quote(tr.Name), p)}
			}
			e := min(math.Abs(p-d)/scale, most)
			sum += e
			st.Max = max(st.Max, e)
			st.Values++
			if d > visible*scale {
				logs += math.Abs(math.Log10(max(p, floor*scale)) - math.Log10(d))
				logCount++
			}
			if p < 0 && !negativeData {
				st.Negative++
				if p < -visible*scale {
					st.SignErrors++
				}
			}
		}
	}
	st.Log10 = logs / float64(logCount)
	return st, sum, nil
}

// MarshalJSON writes {"mae": x, "states": {"y1": {"mae": x, "max": x, "log10": x, "negative": n}, …}}, states in order; a
// log10 that does not exist is null.
func (s *Score) MarshalJSON() ([]byte, error) {
	type state struct {
		MAE      float64  `json:"mae"`
		Max      float64  `json:"max"`
		Log10    *float64 `json:"log10"`
		Negative int      `json:"negative"`
	}
	mae, err := json.Marshal(s.MAE)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"mae":%s,"states":{`, mae)
	for i := range s.States {
		st := &s.States[i]
		name, err := json.Marshal(st.Name)
		if err != nil {
			return nil, err
		}
		v := state{MAE: st.MAE, Max: st.Max, Negative: st.Negative}
		if !math.IsNaN(st.Log10) {
			v.Log10 = &st.Log10
		}
		value, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s:%s", name, value)
	}
	b.WriteString("}}")
	return b.Bytes(), nil
}
