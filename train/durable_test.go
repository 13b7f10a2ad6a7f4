package train

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/durable"
	"github.com/stiffnode/stiffnode/model"
)

// Whenever the disk becomes full, what stands in the run folder under its own name is whole, and the result says truly what was written.
func TestFullDiskLeavesWholeFiles(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.Train.Epochs, c.Starts.Count, c.Train.Checkpoint = 6, 1, 1e-9
	whole := t.TempDir()
	tr := mustNew(t, c, set)
	tr.Dir = whole
	mustRun(t, tr)
	var size int64
	for _, f := range []string{model.FileName, checkpointName, HistoryName} {
		info, err := os.Stat(filepath.Join(whole, f))
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	failed := 0
	for _, room := range []int64{-1, 0, 10, 100, size / 8, size / 4, size / 2, size, 2 * size, 4 * size, 100 * size} {
		dir := t.TempDir()
		tr := mustNew(t, c, set)
		tr.Dir = dir
		warned := 0
		tr.Warn = func(error) { warned++ }
		restore := durable.SimulateFull(room)
		res, err := tr.Run(context.Background())
		restore()
		switch {
		case err != nil && !errors.Is(err, syscall.ENOSPC):
			t.Errorf("room %d: %v", room, err)
		case err != nil:
			failed++
		case warned > 0:
			t.Errorf("room %d: %d warnings, and all is well at the end", room, warned)
		}
		checkWhole(t, dir)
		if res == nil {
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("room %d: no result, but files", room)
			}
			continue
		}
		if res.Model == nil {
			t.Errorf("room %d: what was computed is lost", room)
		}
		if _, err := model.Load(dir); (err == nil) != (res.Path != "") {
			t.Errorf("room %d: the result says that the model is at %q: %v", room, res.Path, err)
		}
	}
	if failed < 5 {
		t.Errorf("only %d runs met a full disk: the test shows too little", failed)
	}
}

// checkWhole complains about files that are there and not whole.
func checkWhole(t *testing.T, dir string) {
	t.Helper()
	if _, err := model.Load(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, f := range []string{checkpointName, previousCheckpoint} {
		if _, err := readCheckpoint(filepath.Join(dir, f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", f, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("lying about: %v %v", left, err)
	}
}

// A disk that is full for a while costs checkpoints, and nothing else.
func TestFullDiskForAWhile(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.Train.Checkpoint = 1e-9
	want := encodeModel(t, mustRun(t, mustNew(t, c, set)).Model)
	tr := mustNew(t, c, set)
	tr.Dir = t.TempDir()
	restore := func() {}
	defer func() { restore() }()
	tr.Observer = func(r Record) {
		switch r.Epoch {
		case 5:
			restore = durable.SimulateFull(7) // in the middle of a line of the history
		case 20:
			restore()
		}
	}
	warned := 0
	tr.Warn = func(err error) {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		warned++
	}
	res := mustRun(t, tr)
	if warned < 10 {
		t.Errorf("%d warnings", warned)
	}
	if !bytes.Equal(want, encodeModel(t, res.Model)) {
		t.Error("another model")
	}
	checkWhole(t, tr.Dir)
	f, err := os.Open(filepath.Join(tr.Dir, HistoryName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if h, err := ReadHistory(f); err != nil || len(h) != tr.Epochs() {
		t.Errorf("%d epochs in the history: %v", len(h), err)
	}
}

// Only the checkpoint counts for going on; a history that was damaged is told of, and the rest of it is kept.
func TestDamagedHistoryDoesNotStopResuming(t *testing.T) {
	set := small(t)
	c := quick(set)
	want := encodeModel(t, mustRun(t, mustNew(t, c, set)).Model)
	for name, damage := range map[string]func([]byte) []byte{
		"a line": func(b []byte) []byte { return bytes.Replace(b, []byte("\n7,"), []byte("\nx,"), 1) },
		"a head": func(b []byte) []byte { return append([]byte("?"), b...) },
		"cut":    func(b []byte) []byte { return b[:len(b)/2] },
		"zeros":  func(b []byte) []byte { return make([]byte, len(b)) },
		"empty":  func([]byte) []byte { return nil },
		"other": func([]byte) []byte {
			return []byte(historyHeader + "9999,1,1,1,1,1,1\n-5,1,1,1,1,1,1\n1e300,1,1,1,1,1,1\n")
		},
		"backwards": func(b []byte) []byte { return append(b, "3,1,1,1,1,1,1\n"...) },
		"absent":    nil,
	} {
		tr := mustNew(t, c, set)
		tr.Dir = t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		tr.Observer = func(r Record) {
			if r.Epoch == 20 {
				cancel()
			}
		}
		if _, err := tr.Run(ctx); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(tr.Dir, HistoryName)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if damage == nil {
			os.Remove(path)
		} else {
			os.WriteFile(path, damage(raw), 0o600)
		}
		again := mustNew(t, c, set)
		again.Dir = tr.Dir
		note, err := again.Resume()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if lost := name != "backwards" && name != "a head"; lost != strings.Contains(note, HistoryName+" lacks") {
			t.Errorf("%s: note %q", name, note)
		}
		if again.Done() != 21 {
			t.Errorf("%s: %d epochs lie behind", name, again.Done())
		}
		res := mustRun(t, again)
		if res.Epochs != again.Epochs() || !bytes.Equal(want, encodeModel(t, res.Model)) {
			t.Errorf("%s: another model after %d epochs", name, res.Epochs)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadHistory(f); err != nil {
			t.Errorf("%s: the new history: %v", name, err)
		}
		f.Close()
	}
}

// Two runs cannot write to one folder, and the second leaves the first's alone.
func TestFolderBelongsToOneRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	first, second := Default(), Default()
	first.Train.Seed, second.Train.Seed = 1, 2
	f, err := MakeFolder(dir, first, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	var e *FolderError
	if _, err := MakeFolder(dir, second, nil, true); !errors.As(err, &e) || !strings.Contains(err.Error(), "another run is writing") {
		t.Errorf("a second run with overwrite: %v", err)
	}
	if _, err := OpenFolder(dir); !errors.As(err, &e) {
		t.Errorf("a second run that goes on: %v", err)
	}
	if c, err := LoadConfig(filepath.Join(dir, ConfigName)); err != nil || c.Train.Seed != 1 {
		t.Errorf("the first run's configuration: %v, %v", c, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = MakeFolder(dir, second, nil, true); err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// A folder in which a run could not even begin is as good as new.
func TestFolderOfARunThatNeverBegan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	restore := durable.SimulateFull(3)
	_, err := MakeFolder(dir, Default(), nil, false)
	restore()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v", err)
	}
	// as after a kill in the middle of writing
	left := filepath.Join(dir, "."+ConfigName+".0123abcd.new")
	os.WriteFile(left, []byte("[data"), 0o600)
	f, err := MakeFolder(dir, Default(), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what the killed run left is still there")
	}
}

// What came from a pipe is kept in the folder, so that the configuration there repeats the run.
func TestFolderKeepsWhatCameFromAPipe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := Default()
	c.Data.Files = []string{data.StandardInput}
	source := data.Source{Path: data.StandardInput, SHA256: "0123456789", Content: []byte("t,y\n0,1\n1,2\n")}
	f, err := MakeFolder(dir, c, []data.Source{source}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	back, err := LoadConfig(filepath.Join(dir, ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Data.Files) != 1 || len(f.Data) != 1 || c.Data.Files[0] != data.StandardInput {
		t.Fatalf("files %q and %q; the caller's %q", back.Data.Files, f.Data, c.Data.Files)
	}
	for _, file := range []string{back.Data.Files[0], f.Data[0]} {
		if b, err := os.ReadFile(file); err != nil || !bytes.Equal(b, source.Content) {
			t.Errorf("%s: %q, %v", file, b, err)
		}
	}
}
