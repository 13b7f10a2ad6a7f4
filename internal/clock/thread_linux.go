package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Thread is the processor time of the calling thread: what other programs on the machine take is not in it.
func Thread() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return time.Since(start)
	}
	return time.Duration(ts.Nano())
}
