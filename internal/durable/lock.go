package durable

import (
	"errors"
	"os"
)

// ErrLocked says that another process, or another part of this one, holds a lock.
var ErrLocked = errors.New("locked")

// Lock is a lock that this process holds; the system frees it when the process ends, however that happens.
type Lock struct{ f *os.File }

// Acquire takes the lock that the file of that name stands for, and makes the file where there is none; it stays behind, empty. The error is
// ErrLocked if someone else holds it. On file systems without locks everyone gets it.
func Acquire(path string) (*Lock, error) {
	if err := noRoom(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.Close()
		return nil, err
	}
	return &Lock{f}, nil
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.f.Close() }
