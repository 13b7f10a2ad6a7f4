package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const small = "t,y\n0,1\n1,2\n"

// A pipe gives its bytes once: they are read once, summed as read, and kept.
func TestPipesAreReadOnce(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		w.WriteString(small)
		w.Close()
	}()
	old := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = old }()
	file := filepath.Join(t.TempDir(), "a.csv")
	os.WriteFile(file, []byte("t,y\n0,5\n1,6\n"), 0o600)
	set, err := ReadFiles([]string{StandardInput, file}, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Sources) != 2 {
		t.Fatalf("%d sources", len(set.Sources))
	}
	sum := sha256.Sum256([]byte(small))
	if s := set.Sources[0]; s.SHA256 != hex.EncodeToString(sum[:]) || string(s.Content) != small {
		t.Errorf("of the pipe: %q, sum %s", s.Content, s.SHA256)
	}
	if s := set.Sources[1]; s.Content != nil || s.Path != file {
		t.Errorf("of an ordinary file: %q, path %s", s.Content, s.Path)
	}
	train, held, err := set.SplitTimes(2, 1)
	if err != nil || len(train.Sources) != 2 || len(held.Sources) != 2 {
		t.Errorf("a part forgets where it is from: %v", err)
	}
}

type endless string

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = e[i%len(e)]
	}
	return len(b), nil
}

func TestEndlessInputIsRefused(t *testing.T) {
	defer func(old int) { maxBytes = old }(maxBytes)
	maxBytes = 1 << 20
	var e *Error
	if _, err := ReadCSV(endless("1,2\n"), "x", ReadOptions{}); !errors.As(err, &e) || !strings.Contains(e.Msg, "more than 1048576 bytes") {
		t.Errorf("rows without end: %v", err)
	}
	maxBytes = 1 << 62 // never reached
	if _, err := ReadCSV(endless("\x00"), "x", ReadOptions{}); !errors.As(err, &e) || !strings.Contains(e.Msg, "NUL") {
		t.Errorf("zeros without end: %v", err)
	}
}

func TestAFileOfTheLargestSizeIsRead(t *testing.T) {
	defer func(old int) { maxBytes = old }(maxBytes)
	maxBytes = len(small)
	if _, err := ReadCSV(strings.NewReader(small), "x", ReadOptions{}); err != nil {
		t.Error(err)
	}
	maxBytes--
	if _, err := ReadCSV(strings.NewReader(small), "x", ReadOptions{}); err == nil {
		t.Error("a larger one is read too")
	}
}
