package durable

import (
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
)

// File is an open file whose writes SimulateFull counts.
type File struct{ f *os.File }

// Sync waits until what was written is on the disk.
func (f File) Sync() error { return f.f.Sync() }

// Close closes the file.
func (f File) Close() error { return f.f.Close() }

// room is what SimulateFull leaves on the disk; nil is the ordinary case: the disk itself knows.
var room atomic.Pointer[atomic.Int64]

// SimulateFull lets everything that is written through this package fail as on a disk on which so many bytes are free, until restore is called.
// With less than none no file can be made at all, as when the inodes are used up. It is for tests.
func SimulateFull(bytes int64) (restore func()) {
	left := new(atomic.Int64)
	left.Store(bytes)
	room.Store(left)
	return func() { room.Store(nil) }
}

func noRoom(path string) error {
	if left := room.Load(); left != nil && left.Load() < 0 {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	return nil
}

// Write writes b, in part where the disk becomes full.
func (f File) Write(b []byte) (int, error) {
	n, full := f.fits(len(b))
	n, err := f.f.Write(b[:n])
	if err == nil {
		err = full
	}
	return n, err
}

// WriteAt writes b at an offset, in part where the disk becomes full.
func (f File) WriteAt(b []byte, at int64) (int, error) {
	n, full := f.fits(len(b))
	n, err := f.f.WriteAt(b[:n], at)
	if err == nil {
		err = full
	}
	return n, err
}

func (f File) fits(n int) (int, error) {
	left := room.Load()
	if left == nil {
		return n, nil
	}
	if after := left.Add(-int64(n)); after < 0 {
		left.Store(0)
		return max(0, n+int(after)), &fs.PathError{Op: "write", Path: f.f.Name(), Err: syscall.ENOSPC}
	}
	return n, nil
}
