package train

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFolderIsNeverOverwrittenUnasked(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "a", "run")
	data := filepath.Join(dir, "d.csv")
	os.WriteFile(data, []byte("t,y\n0,1\n"), 0o600)
	c := Default()
	c.Data.Files = []string{data}
	f, err := MakeFolder(run, c, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	back, err := LoadConfig(filepath.Join(run, ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := filepath.Abs(back.Data.Files[0]); same != data {
		t.Errorf("the run's configuration finds its data at %s, want %s", same, data)
	}
	os.WriteFile(filepath.Join(run, "model.safetensors"), []byte("precious"), 0o600)
	os.WriteFile(filepath.Join(run, "notes.txt"), []byte("mine"), 0o600)
	var e *FolderError
	if _, err := MakeFolder(run, c, nil, false); !errors.As(err, &e) {
		t.Errorf("an existing run: %v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(run, "model.safetensors")); string(b) != "precious" {
		t.Error("the model is gone")
	}
	if f, err = MakeFolder(run, c, nil, true); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := os.Stat(filepath.Join(run, "model.safetensors")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the old model is still there")
	}
	if b, _ := os.ReadFile(filepath.Join(run, "notes.txt")); string(b) != "mine" {
		t.Error("a file that is not the run's was touched")
	}
	if _, err := MakeFolder(dir, c, nil, true); !errors.As(err, &e) {
		t.Errorf("a folder that is no run, with --overwrite: %v", err)
	}
	if _, err := MakeFolder(filepath.Join(data, "x"), c, nil, false); err == nil {
		t.Error("a folder inside a file")
	}
}

func TestFreeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"runs/rober", "runs/rober-2", "runs/rober-3"} {
		got, err := FreeFolder("x/rober.csv")
		if err != nil {
			t.Fatal(err)
		}
		if got != filepath.FromSlash(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
