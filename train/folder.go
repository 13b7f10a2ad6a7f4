package train

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	ConfigName, HistoryName, "model.safetensors", checkpointName, previousCheckpoint, checkpointName + ".new", "fit.png", "fit.svg", "loss.png", "loss.svg",
}

// MakeFolder makes a run folder and writes the configuration into it, data files relative to the folder. A folder that exists and has
// files in it is refused unless overwrite is set; then the files of the run before are removed, if it is one.
func MakeFolder(dir string, cfg *Config, overwrite bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(entries) > 0 && !overwrite:
		return &FolderError{Dir: dir, Reason: "exists already", Remedy: "choose another folder with --out, go on with --resume " + dir + ", or replace the run in it with --overwrite"}
	case len(entries) > 0:
		if _, err := os.Stat(filepath.Join(dir, ConfigName)); err != nil {
			return &FolderError{Dir: dir, Reason: "is no run folder", Remedy: "only a run is ever replaced: choose another folder with --out"}
		}
		for _, f := range RunFiles {
			if err := os.Remove(filepath.Join(dir, f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	c := cfg.Clone()
	c.Data.Files = nil
	for _, f := range cfg.Data.Files {
		c.Data.Files = append(c.Data.Files, relative(dir, f))
	}
	var b bytes.Buffer
	if err := c.WriteTOML(&b); err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, ConfigName), b.Bytes())
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

// FreeFolder returns a folder for a run on a data file that does not exist yet: runs/NAME, or runs/NAME-2, ….
func FreeFolder(file string) string {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	for n := 1; ; n++ {
		dir := filepath.Join("runs", name)
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", dir, n)
		}
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir
		}
	}
}
