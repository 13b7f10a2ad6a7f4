package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Thread is the processor time of the calling thread: what other programs on the machine take is not in it.
func Thread() time.Duration { return read(unix.CLOCK_THREAD_CPUTIME_ID) }

// An ID names the clock of a thread, for reading from another one.
type ID int32

// This is the clock of the calling thread, which must be locked to its goroutine (runtime.LockOSThread).
func This() ID {
	// the form of such an identifier: the complement of the thread, per thread (4), scheduler's time (2); see clock_gettime(2) and
	// include/linux/posix-timers.h
	return ID(^unix.Gettid()<<3 | 4 | 2)
}

// Read is the processor time of the thread.
func (id ID) Read() time.Duration { return read(int32(id)) }

func read(id int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return time.Since(start)
	}
	return time.Duration(ts.Nano())
}
