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
	write("refused.csv", "t,A\n0,1\n1,<0.01\n")
	expected := filepath.Join(t.TempDir(), "expected.csv")
	const head = "file,trajectories,states,rows,last time,sum of values,refused\n"
	expect := func(rows string) {
		if err := os.WriteFile(expected, []byte(head+rows), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	expect("own.csv,1,1,2,1,3,\nrefused.csv,,,,,,censored\n")
	r, err := Files(t.Context(), dir, expected)
	if err != nil || r.Failed() {
		t.Fatalf("%v, %+v", err, r)
	}
	text := new(strings.Builder)
	if err := r.Write(text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"own.csv", "comment mark", "bad.csv", "refused"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for what, rows := range map[string]string{
		"another number of rows":              "own.csv,1,1,3,1,3,\n",
		"other values":                        "own.csv,1,1,2,1,4,\n",
		"a file that must be refused is read": "own.csv,,,,,,censored\n",
		"another reason":                      "refused.csv,,,,,,wells\n",
		"a file that must be read is refused": "bad.csv,1,1,2,1,3,\n",
	} {
		expect(rows)
		if r, err := Files(t.Context(), dir, expected); err != nil || !r.Failed() {
			t.Errorf("%s passed: %v", what, err)
		}
	}
}
