package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/stiffnode/stiffnode/data"
)

// A Grade says what has come of a training run.
type Grade int

const (
	// NotLearned: the model is hardly better than the best constant, or cannot be solved.
	NotLearned Grade = iota
	// Partly is all between: the model says something of the data, and is not to be relied on; or there are too few rows to tell.
	Partly
	// Learned: the model agrees with the data, within a hundredth of their ranges or three times their errors of measurement.
	Learned
)

func (g Grade) String() string {
	return [...]string{"not learned", "partly learned", "learned"}[g]
}

// Bounds of the verdict.
const (
	learnedMAE   = 0.01 // of the ranges
	learnedNoise = 3    // standard deviations of the errors of measurement
	enoughRows   = 8    // after the initial ones, of all trajectories together: with fewer none can be kept out, and whatever goes through them passes
)

// A Verdict says whether a model has learned what the data show, by rows kept out of training where there are any, and if not, why, as far as the
// data tell.
type Verdict struct {
	Grade Grade
	// MAE is the mean of |model − data|/range by which the model is judged; NaN if it cannot be solved.
	MAE float64
	// Bound is the MAE up to which the model counts as learned: the larger of 0.01 and three times Noise.
	Bound float64
	// Constant is the MAE of the best model that never changes, the median of every state.
	Constant float64
	// Noise is the estimated standard deviation of the errors of measurement, in units of the ranges, averaged over the values.
	Noise float64
	// HeldOut says that MAE and Constant are of rows kept out of training, Values how many values these have.
	HeldOut bool
	Values  int
	// TimeRanOut says that the budget ended training, EpochsRanOut that the number of epochs did.
	TimeRanOut, EpochsRanOut bool
	// Err is why the model cannot be solved or judged.
	Err error
	// Findings are the reasons that the data show, the most telling first; none where the model has learned.
	Findings []Finding
}

// A Finding is something about data or run that explains why a model has not learned, with what to try.
type Finding struct {
	Cause  string `json:"cause"`
	Detail string `json:"detail"`
	Try    string `json:"try"`
}

// Causes of findings.
const (
	CauseTimeOrInput = "time or an input is missing"
	CauseHiddenState = "a state is hidden"
	CauseJumps       = "jumps"
	CauseNoise       = "noise"
	CauseFewRows     = "too few rows"
	CauseTime        = "time ran out"
	CauseSolver      = "the model cannot be solved"
	CauseUnknown     = "unknown"
)

// String is the verdict as a sentence, without the findings.
func (v *Verdict) String() string {
	var b strings.Builder
	b.WriteString(v.Grade.String())
	switch {
	case v.Err != nil && math.IsNaN(v.MAE):
		b.WriteString(": the model cannot be judged")
	default:
		where := "the rows trained on"
		if v.HeldOut {
			where = fmt.Sprintf("%d values kept out of training", v.Values)
		}
		fmt.Fprintf(&b, ": mae %.3g on %s, learned up to %.3g; the best constant has %.3g", v.MAE, where, v.Bound, v.Constant)
	}
	if v.TimeRanOut {
		b.WriteString("; time ran out")
	}
	return b.String()
}

// judged is a set with predictions of it, as the verdict sees them.
type judged struct {
	set       *data.Set
	predicted [][]float64
	ranges    []float64 // of the whole data
}

// grade fills in figures and grade. rows is the number of rows after the initial ones that the model has been trained on or is judged by.
func (v *Verdict) grade(j judged, noise []float64, rows int) {
	score, err := data.Evaluate(j.set, j.predicted, j.ranges)
	if err != nil {
		v.Err, v.MAE = err, math.NaN()
		return
	}
	v.MAE = score.MAE
	v.Constant, v.Noise, v.Values = j.constant(noise)
	v.Bound = max(learnedMAE, learnedNoise*v.Noise)
	// What errors of measurement alone leave between a perfect model and the data is no fault of the model: it is told from a constant by the rest.
	alone := v.Noise * meanOfNormal
	bad := v.MAE-alone > (v.Constant-alone)/2
	const littleElse = 1.3 // times the errors: there is nothing but noise to learn
	switch good := v.MAE <= v.Bound; {
	case bad && (!good || v.MAE > learnedMAE && v.Constant > littleElse*alone):
		v.Grade = NotLearned
	case good && !bad && rows >= enoughRows:
		v.Grade = Learned
	default:
		v.Grade = Partly
	}
}

// constant is the mean scaled error of the best constants, with the mean scaled noise and the number of values.
func (j *judged) constant(noise []float64) (mae, scaledNoise float64, count int) {
	for s, span := range j.ranges {
		if span == 0 {
			continue
		}
		values := observedValues(j.set, s, 1)
		mae += deviationFromMedian(values) / span
		scaledNoise += noise[s] / span * float64(len(values))
		count += len(values)
	}
	return mae / float64(count), scaledNoise / float64(count), count
}
