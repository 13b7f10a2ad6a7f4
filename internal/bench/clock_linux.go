package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the processor time of the calling thread: what other programs on the machine take is not in it.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return time.Since(clockStart)
	}
	return time.Duration(ts.Nano())
}
