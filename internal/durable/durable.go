// Package durable writes files that are there whole or not at all: each is written under another name, brought to the disk, and renamed. A full
// disk, a crash or a kill never leaves a part of one under its own name.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Replace writes a file, in place of the one of that name where there is one.
func Replace(path string, content []byte) error {
	tmp, err := temporary(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Create writes a file that must not exist yet, else the error is fs.ErrExist.
func Create(path string, write func(io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	tmp, err := temporary(path, write)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	// A link never replaces what is there. Where there are no links, a look just before the rename must do.
	if err := os.Link(tmp, path); errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		if _, err := os.Lstat(path); err == nil {
			return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
		}
		if err := os.Rename(tmp, path); err != nil {
			return err
		}
	}
	return SyncDir(filepath.Dir(path))
}

// OpenUpdate opens a file that exists, to write into it.
func OpenUpdate(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	return File{f}, err
}

// temporary writes a file beside path under a name of its own, and waits until it is on the disk.
func temporary(path string, write func(io.Writer) error) (name string, err error) {
	f, err := createTemporary(path)
	if err != nil {
		return "", err
	}
	err = write(File{f})
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func createTemporary(path string) (*os.File, error) {
	if err := noRoom(path); err != nil {
		return nil, err
	}
	for {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x.new", filepath.Base(path), rand.Uint32()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// RemoveLeftovers removes from a folder what writers of the files named left there when they were killed. It must not be called while others
// write to them.
func RemoveLeftovers(dir string, names []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !IsLeftover(e.Name(), names) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// IsLeftover says whether a file is what a writer of one of the files named leaves when it is killed.
func IsLeftover(file string, names []string) bool {
	for _, n := range names {
		middle, ok := strings.CutPrefix(file, "."+n+".")
		if middle, suffix := strings.CutSuffix(middle, ".new"); ok && suffix && len(middle) == 8 && strings.Trim(middle, "0123456789abcdef") == "" {
			return true
		}
	}
	return false
}

// SyncDir makes renames in a folder last. Where folders cannot be synced (Windows) renames are journalled by the system.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
