package bench

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/internal/clock"
)

// threadTime is the processor time of the calling thread.
func threadTime() time.Duration { return clock.Thread() }

// leastRepeats is the number of repeats below which no median is quoted.
const leastRepeats = 20

// A timing is the time of something repeated: median, tenth and ninetieth percentile, in seconds of processor time.
type timing struct {
	median, low, high float64
	repeats           int
}

// timeOf repeats do for the time given and leastRepeats times at least, after one run that makes its workspaces. The goroutine stays on
// one thread, whose clock is read.
func timeOf(during time.Duration, do func() error) (timing, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := do(); err != nil {
		return timing{}, err
	}
	var seconds []float64
	for began := time.Now(); len(seconds) < leastRepeats || time.Since(began) < during; {
		start := threadTime()
		if err := do(); err != nil {
			return timing{}, err
		}
		seconds = append(seconds, (threadTime() - start).Seconds())
	}
	return summary(seconds), nil
}

// summary sorts what it is given.
func summary(seconds []float64) timing {
	slices.Sort(seconds)
	n := len(seconds)
	return timing{median: seconds[n/2], low: seconds[n/10], high: seconds[n-1-n/10], repeats: n}
}

// quickTime is the fastest of three runs, of more where these are short.
func quickTime(do func() error) (float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const least, most, enough = 3, 10, 2e-3
	best, sum := math.Inf(1), 0.0
	for i := 0; i < least || i < most && sum < enough; i++ {
		start := threadTime()
		if err := do(); err != nil {
			return 0, err
		}
		s := (threadTime() - start).Seconds()
		best, sum = min(best, s), sum+s
	}
	return best, nil
}

// String gives milliseconds, with the spread in brackets.
func (t timing) String() string {
	return fmt.Sprintf("%.3g [%.3g–%.3g]", 1e3*t.median, 1e3*t.low, 1e3*t.high)
}
