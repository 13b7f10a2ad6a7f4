//go:build !linux

package clock

import "time"

// Thread is the time of the wall clock where that of a thread is not to be had.
func Thread() time.Duration { return time.Since(start) }

// An ID names the clock of a thread, for reading from another one.
type ID struct{}

// This is the clock of the calling thread, which must be locked to its goroutine (runtime.LockOSThread).
func This() ID { return ID{} }

// Read is the time of the wall clock.
func (ID) Read() time.Duration { return time.Since(start) }
