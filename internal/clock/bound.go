package clock

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// ErrUsedUp is the cause with which Within cancels.
var ErrUsedUp = errors.New("the processor time allowed is used up")

// Within calls f with a context that is cancelled, with ErrUsedUp as its cause, once the calling goroutine has taken that much processor time; what other
// programs on the machine take does not count. It is looked at a hundred times a second.
func Within(ctx context.Context, longest time.Duration, f func(context.Context)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancelCause(ctx)
	id := This()
	begun := id.Read()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if id.Read()-begun > longest {
					cancel(ErrUsedUp)
					return
				}
			}
		}
	}()
	defer func() {
		close(done)
		<-ended
		cancel(nil)
	}()
	f(ctx)
}
