package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesAreJudged(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("own.csv", "# t,A\n0,1\n1,2\n")
	write("bad.csv", "t,A\n1,1\n0,2\n")
	write("25-times/tworows.csv", "t,A,B\n0,1,0\n1,0.5,0.5\n")
	r, err := Files(t.Context(), dir)
	if err != nil || r.Failed() {
		t.Fatalf("%v, %+v", err, r)
	}
	text := new(strings.Builder)
	if err := r.Write(text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"own.csv", "1 × 1, 2 rows", "comment mark", "bad.csv", "refused", "2 files read, 1 refused"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	// what is known must be read as it is known
	write("25-times/tworows.csv", "t,A,B\n0,1,0\n1,0.5,0.5\n2,0,1\n")
	if r, err := Files(t.Context(), dir); err != nil || !r.Failed() {
		t.Errorf("another number of rows than known passed: %v", err)
	}
	write("25-times/tworows.csv", "t,A,B\n0,1,0\n1,0.5,0.5\n")
	write("14-missing-codes/blq.csv", "t,A\n0,1\n1,2\n")
	if r, err := Files(t.Context(), dir); err != nil || !r.Failed() {
		t.Errorf("a file that must be refused was read: %v", err)
	}
}
