package paper

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func quiet(string, ...any) {}

// quick are the entries that take a moment.
func quick(t *testing.T) []*Entry {
	t.Helper()
	e, err := Find([]string{"stiffness", "fig2", "fig3", "dae"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSameReportTwice(t *testing.T) {
	var reports [2]string
	for i := range reports {
		dir := t.TempDir()
		if _, err := Make(context.Background(), quick(t), Options{Dir: dir, Cores: i + 1, Say: quiet}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"report.md", "report.html", "fig2.svg", "fig2.csv", "fig3.csv"} {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			reports[i] += string(raw)
		}
	}
	if reports[0] != reports[1] {
		t.Error("the same entries gave two different reports")
	}
}

func TestCacheHoldsWhatThisProgramComputed(t *testing.T) {
	dir, runs := t.TempDir(), 0
	entry := &Entry{ID: "counted", Title: "Counted", Place: "nowhere", Threads: 1, Config: "a", Run: func(context.Context, *Env) (*Result, error) {
		runs++
		return &Result{}, nil
	}}
	for i, c := range []struct {
		config string
		fresh  bool
		runs   int
	}{{"a", false, 1}, {"a", false, 1}, {"b", false, 2}, {"b", true, 3}} {
		entry.Config = c.config
		if _, err := Make(context.Background(), []*Entry{entry}, Options{Dir: dir, Cores: 1, Say: quiet, Fresh: c.fresh}); err != nil {
			t.Fatal(err)
		}
		if runs != c.runs {
			t.Errorf("call %d: %d runs, want %d", i, runs, c.runs)
		}
	}
}

func TestReportSaysWhatDiffers(t *testing.T) {
	r := &Result{Tables: []Table{{Name: "t", Caption: "In µs.", Header: []string{"a|b"}, Rows: [][]string{{"1"}}, Shown: true}, {Name: "hidden", Header: []string{"unseen"}}}}
	r.claim(true, "one", "1", "never said")
	r.claim(false, "two", "3", "by one")
	r.untested("four", "5", "nobody knows")
	r.check(true, "ours", "6")
	r.check(false, "ours too", "7")
	done := []*Done{{Entry: &Entry{ID: "x", Title: "X", Place: "Sec. 1"}, Result: r}}
	if b := Broken(done); len(b) != 1 || !strings.Contains(b[0], "ours too") {
		t.Errorf("broken checks: %q", b)
	}
	text := markdown(Options{}, []*Done{{Entry: &Entry{ID: "x", Title: "X", Place: "Sec. 1"}, Result: r}})
	for _, want := range []string{"1 of 3 claims of the paper agree, 1 differ, 1 cannot be tested", "| two | 3 | differs: by one |", "| four | 5 | cannot be tested: nobody knows |", "| ours | 6 | holds |", "| ours too | 7 | FAILS |", "does not know its commit", "*In µs.*", `a\|b`} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, not := range []string{"never said", "unseen"} {
		if strings.Contains(text, not) {
			t.Errorf("the report has %q", not)
		}
	}
}

func TestUnknownEntry(t *testing.T) {
	if _, err := Find([]string{"fig99"}); err == nil || !strings.Contains(err.Error(), "fig1") {
		t.Errorf("error %v does not name what there is", err)
	}
}

func TestReportNamesItsCommit(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}}
	if got := builtFrom(info); got != "commit 0123456789ab with changes that are not committed" {
		t.Error(got)
	}
	info.Settings[1].Value = "false"
	if got := builtFrom(info); got != "commit 0123456789ab" {
		t.Error(got)
	}
}
