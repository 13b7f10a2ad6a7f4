//go:build !windows

package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe that says nothing, or that nobody writes to, is left when the context ends; so are rows that are being read.
func TestReadingEndsWithItsContext(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := ReadFilesContext(ctx, []string{fifo}, ReadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a pipe without a writer: %v", err)
	}
	if w, err := os.OpenFile(fifo, os.O_RDWR, 0); err == nil { // lets the waiting goroutine go
		defer w.Close()
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := readTable(ctx, r, "pipe", ReadOptions{}, true); !errors.Is(err, context.Canceled) {
		t.Errorf("a silent pipe: %v", err)
	}
	var text strings.Builder
	text.WriteString("t,x\n")
	for i := range 3 * checkEvery {
		fmt.Fprintf(&text, "%d,1\n", i)
	}
	for _, checks := range []int{1, 3, 5, 8} {
		if _, err := parseTable(&countdown{Context: context.Background(), left: checks}, []byte(text.String()), "f", ReadOptions{}, true); checks < 4 && !errors.Is(err, context.Canceled) {
			t.Errorf("canceled at look %d: %v", checks, err)
		}
	}
}
