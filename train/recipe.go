package train

import (
	"context"
	"encoding"
	"fmt"
	"slices"
	"time"
)

// A recipe is a way to train. It advances by epochs; between epochs its whole state can be written and read back, so that a
// resumed run goes on with the same bits.
type recipe interface {
	// epoch advances by one epoch and says what it was like. An error is final, except that of a cancelled context, after
	// which the state is that before the epoch.
	epoch(ctx context.Context) (Record, error)
	// epochs is the number of epochs in all, as far as it is known; done says whether there is nothing left to do.
	epochs() int
	done() bool
	// result returns the θ that becomes the model, and its loss. Where the first epoch was cancelled it is the best that this came to, with a loss
	// of NaN.
	result() (theta []float64, loss float64)
	// others are further θ that may be better as evaluated.
	others() []fitted
	// current returns the θ of the latest epoch and the gradient there.
	current() (theta, gradient []float64)
	// failures counts solves that failed and were survived.
	failures() int
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
	// Close ends goroutines.
	Close()
}

// fitted is a θ and its loss in training, NaN where that is not known.
type fitted struct {
	theta []float64
	loss  float64
}

// recipes are the ways to train that a configuration may name.
var recipes = map[string]func(*task) (recipe, error){
	"first-order":   newFirstOrder,
	"least-squares": newLeastSquares,
}

func recipeNames() []string { return []string{"least-squares", "first-order"} }

// Record is one epoch of a run's history.
type Record struct {
	Epoch        int
	Loss         float64 // what is minimised
	MAE          float64 // mean |model − data|/range on the same rows: Eq. 14
	GradientNorm float64 // before clipping and rescaling
	LearningRate float64
	Failures     int           // solves that failed in this epoch, each followed by a smaller step
	Elapsed      time.Duration // since training began
}

// A FailedError says that training came to a point from which it could not go on.
type FailedError struct {
	Epoch    int
	Failures int // in a row
	Advice   string
	Err      error // of the last solve
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("training stopped in epoch %d after %d failed solves in a row: %v; %s", e.Epoch, e.Failures, e.Err, e.Advice)
}

// Unwrap returns the error of the last solve.
func (e *FailedError) Unwrap() error { return e.Err }

// MedianOfLast is the median loss of the last n records, the figure that the paper's runs are compared by.
func MedianOfLast(history []Record, n int) float64 {
	if len(history) == 0 {
		return 0
	}
	var losses []float64
	for _, r := range history[max(0, len(history)-n):] {
		losses = append(losses, r.Loss)
	}
	slices.Sort(losses)
	m := len(losses) / 2
	if len(losses)%2 == 1 {
		return losses[m]
	}
	return (losses[m-1] + losses[m]) / 2
}
