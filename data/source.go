package data

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Source is a file that a set was read from. It is opened and read once, so that pipes can be read, and the sum is that of what was read.
type Source struct {
	Path   string // as the caller named it
	SHA256 string // of the bytes, in hexadecimal notation
	// Content holds the bytes where they cannot be read a second time, from a pipe or a device; it is nil for ordinary files.
	Content []byte
}

// Name is the name of the file, or of the copy that a run keeps of what came from a pipe.
func (s Source) Name() string {
	if s.Content != nil {
		return "data-" + s.SHA256[:8] + ".csv"
	}
	return filepath.Base(s.Path)
}

// StandardInput is the path that stands for standard input.
const StandardInput = "-"

// maxBytes bounds what is read of one file: a device that never ends must not fill the memory. Tests make it smaller.
var maxBytes = 1 << 30

// readSource reads a file.
func readSource(ctx context.Context, path string) (Source, []byte, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() { // a pipe that nobody writes to is waited for as long as the context allows
		if path == StandardInput {
			done <- opened{os.Stdin, nil}
			return
		}
		f, err := os.Open(path)
		done <- opened{f, err}
	}()
	var o opened
	select {
	case o = <-done:
	case <-ctx.Done():
		return Source{}, nil, ctx.Err()
	}
	if o.err != nil {
		e := &Error{File: path, Msg: "cannot be opened: " + o.err.Error(), Err: o.err}
		if errors.Is(o.err, fs.ErrNotExist) {
			e.Msg, e.Remedy = "there is no such file", "check the path; it is taken from the folder where the command runs"
		}
		return Source{}, nil, e
	}
	f := o.f
	if path != StandardInput {
		defer f.Close()
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return Source{}, nil, &Error{File: path, Msg: "this is a folder", Remedy: "name the files in it"}
	}
	raw, err := readAll(ctx, f, fileLabel(path))
	if err != nil {
		return Source{}, nil, err
	}
	sum := sha256.Sum256(raw)
	s := Source{Path: path, SHA256: hex.EncodeToString(sum[:])}
	if info == nil || !info.Mode().IsRegular() {
		s.Content = raw
	}
	return s, raw, nil
}

// fileLabel is what messages call a file.
func fileLabel(path string) string {
	if path == StandardInput {
		return "standard input"
	}
	return path
}

// readAll is readBytes that does not wait for the reader longer than for the context.
func readAll(ctx context.Context, r io.Reader, file string) ([]byte, error) {
	type result struct {
		raw []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		raw, err := readBytes(ctx, r, file)
		done <- result{raw, err}
	}()
	select {
	case got := <-done:
		return got.raw, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readBytes reads to the end, but no more than maxBytes, and no further than the first zeros of a device that has nothing else.
func readBytes(ctx context.Context, r io.Reader, file string) ([]byte, error) {
	const zeros, chunk = 1 << 16, 1 << 24
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, r, int64(min(max(zeros, out.Len()), chunk, maxBytes+1-out.Len())))
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, io.EOF):
			return out.Bytes(), nil
		case err != nil:
			return nil, &Error{File: file, Msg: "cannot be read: " + err.Error(), Err: err}
		case out.Len() > maxBytes:
			return nil, &Error{File: file, Msg: fmt.Sprintf("there are more than %d bytes", maxBytes), Remedy: "leave out rows or columns, or split the file by trajectories"}
		case int64(out.Len()) == n && bytes.Count(out.Bytes(), []byte{0}) == out.Len():
			return nil, &Error{File: file, Line: 1, Msg: "there are only NUL bytes: this is not a text file", Remedy: "save the data as CSV text"}
		}
	}
}
