package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// names are the files in a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

// Whatever number of bytes the disk has room for, a file has its new content, or its old one, and nothing else lies about.
func TestFullDiskLeavesNoPart(t *testing.T) {
	const before, after = "old", "new content"
	for room := int64(-1); room <= int64(len(after)); room++ {
		dir := t.TempDir()
		path, made := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		if err := Replace(path, []byte(before)); err != nil {
			t.Fatal(err)
		}
		want, files := before, "a"
		restore := SimulateFull(room)
		err := Replace(path, []byte(after))
		restore()
		restore = SimulateFull(room)
		errMade := Create(made, func(w io.Writer) error { _, err := io.WriteString(w, after); return err })
		restore()
		if room == int64(len(after)) {
			want, files = after, "a b"
			if err != nil || errMade != nil {
				t.Errorf("room for %d bytes: %v, %v", room, err, errMade)
			}
		} else if !errors.Is(err, syscall.ENOSPC) || !errors.Is(errMade, syscall.ENOSPC) {
			t.Errorf("room for %d bytes: %v, %v", room, err, errMade)
		}
		if b, _ := os.ReadFile(path); string(b) != want {
			t.Errorf("room for %d bytes: %q", room, b)
		}
		if got := names(t, dir); got != files {
			t.Errorf("room for %d bytes: the folder has %s, want %s", room, got, files)
		}
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := Create(path, text("mine")); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, text("yours")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	// made while the content is written
	late := path + "2"
	if err := Create(late, func(w io.Writer) error { return os.WriteFile(late, []byte("mine"), 0o600) }); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	for _, p := range []string{path, late} {
		if b, _ := os.ReadFile(p); string(b) != "mine" {
			t.Errorf("%s: %q", p, b)
		}
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*")
	os.Mkdir(dir, 0o700)
	for _, n := range []string{".model.1234abcd.new", ".model.new", ".other.1234abcd.new", "model"} {
		os.WriteFile(filepath.Join(dir, n), nil, 0o600)
	}
	if err := RemoveLeftovers(dir, []string{"model"}); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), ".model.new .other.1234abcd.new model"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestLockIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, err := Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(path); !errors.Is(err, ErrLocked) {
		t.Skipf("no locks on this file system: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	l, err = Acquire(path)
	if err != nil {
		t.Fatalf("a lock that was given back: %v", err)
	}
	l.Release()
}
