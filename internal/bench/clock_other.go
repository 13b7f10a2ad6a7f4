//go:build !linux

package bench

import "time"

// threadTime is the time of the wall clock where that of a thread is not to be had.
func threadTime() time.Duration { return time.Since(clockStart) }
