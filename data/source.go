package data

import (
	"bytes"
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
func readSource(path string) (Source, []byte, error) {
	f := os.Stdin
	if path != StandardInput {
		var err error
		if f, err = os.Open(path); err != nil {
			e := &Error{File: path, Msg: "cannot be opened: " + err.Error(), Err: err}
			if errors.Is(err, fs.ErrNotExist) {
				e.Msg, e.Remedy = "there is no such file", "check the path; it is taken from the folder where the command runs"
			}
			return Source{}, nil, e
		}
		defer f.Close()
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return Source{}, nil, &Error{File: path, Msg: "this is a folder", Remedy: "name the CSV files in it"}
	}
	raw, err := readAll(f, path)
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

// readAll reads to the end, but no more than maxBytes, and no further than the first zeros of a device that has nothing else.
func readAll(r io.Reader, file string) ([]byte, error) {
	const zeros = 1 << 16
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, r, int64(min(max(zeros, out.Len()), maxBytes+1-out.Len())))
		switch {
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
