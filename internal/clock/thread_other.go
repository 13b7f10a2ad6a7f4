//go:build !linux

package clock

import "time"

// Thread is the time of the wall clock where that of a thread is not to be had.
func Thread() time.Duration { return time.Since(start) }
