package train

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/durable"
	"github.com/stiffnode/stiffnode/model"
)

// A FolderError says why a folder cannot become a run folder.
type FolderError struct {
	Dir    string
	Reason string
	Remedy string
}

func (e *FolderError) Error() string {
	return fmt.Sprintf("%s %s; %s", e.Dir, e.Reason, e.Remedy)
}

// RunFiles are the files that a run leaves in its folder; with overwriting allowed, these and no others are replaced.
var RunFiles = []string{
	ConfigName, HistoryName, model.FileName, checkpointName, previousCheckpoint, checkpointName + newSuffix, "fit.png", "fit.svg", "loss.png", "loss.svg",
}

// lockName is the file that a run holds a lock on while it writes to its folder.
const lockName = ".lock"

// Folder is a run folder that no other run writes to until Close.
type Folder struct {
	Dir string
	// Data are the files that the run can be repeated with: those that it was given, and copies of what came from pipes.
	Data []string

	lock *durable.Lock
}

// Close lets others write to the folder.
func (f *Folder) Close() error { return f.lock.Release() }

// MakeFolder makes a run folder and writes the configuration into it, data files relative to the folder; what was read from pipes is kept there
// too. A folder that exists and has files in it is refused unless overwrite is set; then the files of the run before are removed, if it is one.
// So is a folder that another run is writing to. What is refused is a *FolderError.
func MakeFolder(dir string, cfg *Config, sources []data.Source, overwrite bool) (*Folder, error) {
	if _, err := os.Stat(filepath.Join(dir, ConfigName)); overwrite && err != nil && !vacant(dir) {
		return nil, &FolderError{Dir: dir, Reason: "is no run folder", Remedy: "only a run is ever replaced: choose another folder with --out"}
	}
	if !overwrite && !vacant(dir) {
		return nil, &FolderError{Dir: dir, Reason: "exists already", Remedy: "choose another folder with --out, go on with --resume " + dir + ", or replace the run in it with --overwrite"}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	if err := f.begin(cfg, sources, overwrite); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// vacant says that a folder does not exist, or has nothing in it but what a run leaves that was killed before it began: its lock, and a file
// that had not got its name.
func vacant(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != lockName && !durable.IsLeftover(e.Name(), RunFiles) })
}

// begin clears the folder and writes into it what a run begins with.
func (f *Folder) begin(cfg *Config, sources []data.Source, overwrite bool) error {
	switch {
	case !overwrite && !vacant(f.Dir): // since the lock was asked for
		return &FolderError{Dir: f.Dir, Reason: "has become the folder of another run", Remedy: "choose another folder with --out"}
	case overwrite:
		for _, name := range RunFiles {
			if err := os.Remove(filepath.Join(f.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	c := cfg.Clone()
	c.Data.Files, f.Data = nil, nil
	for _, path := range cfg.Data.Files {
		i := slices.IndexFunc(sources, func(s data.Source) bool { return s.Path == path && s.Content != nil })
		if i >= 0 {
			// Its sum is in the name, so that overwriting the run never takes it from another configuration.
			path = filepath.Join(f.Dir, sources[i].Name())
			if err := durable.Replace(path, sources[i].Content); err != nil {
				return err
			}
		}
		f.Data = append(f.Data, path)
		c.Data.Files = append(c.Data.Files, relative(f.Dir, path))
	}
	var b bytes.Buffer
	if err := c.WriteTOML(&b); err != nil {
		return err
	}
	return durable.Replace(filepath.Join(f.Dir, ConfigName), b.Bytes())
}

// OpenFolder takes a run folder that exists, to go on with the run in it.
func OpenFolder(dir string) (*Folder, error) {
	lock, err := durable.Acquire(filepath.Join(dir, lockName))
	switch {
	case errors.Is(err, durable.ErrLocked):
		return nil, &FolderError{Dir: dir, Reason: "is in use: another run is writing to it", Remedy: "wait until that has ended, or choose another folder with --out"}
	case err != nil:
		return nil, err
	}
	f := &Folder{Dir: dir, lock: lock}
	if err := durable.RemoveLeftovers(dir, RunFiles); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// relative is a path seen from a folder, or the absolute path where there is none.
func relative(dir, path string) string {
	from, err1 := filepath.Abs(dir)
	to, err2 := filepath.Abs(path)
	if err1 != nil || err2 != nil {
		return path
	}
	if r, err := filepath.Rel(from, to); err == nil {
		return filepath.ToSlash(r)
	}
	return to
}

// FreeFolder makes an empty folder for a run on a data file: runs/NAME, or runs/NAME-2, …, the first that does not exist.
func FreeFolder(file string) (string, error) {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if file == data.StandardInput {
		name = "stdin"
	}
	if err := os.MkdirAll("runs", 0o755); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		dir := filepath.Join("runs", name)
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", dir, n)
		}
		if err := os.Mkdir(dir, 0o755); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}
