package paper

import (
	"context"
	"os"
	"path/filepath"
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
		for _, name := range []string{"report.md", "report.html", "fig2.svg", "fig3.csv"} {
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
	text := markdown([]*Done{{Entry: &Entry{ID: "x", Title: "X", Place: "Sec. 1"}, Result: r}})
	for _, want := range []string{"1 of 2 claims agree", "| two | 3 | differs: by one |", "*In µs.*", `a\|b`} {
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
