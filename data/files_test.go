package data

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// write makes files in a new folder, from name and content in turn, and returns their paths.
func write(t *testing.T, files ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestReadFilesJoins(t *testing.T) {
	paths := write(t,
		"hot.csv", "t,A,B [g]\n0,1,2\n1,3,4\n",
		"cold.csv", "note\ttime [s]\tB\tA [mol]\tweight:A\nx\t0\t20\t10\t7\ny\t2\t40\t\t\n")
	s, err := ReadFiles(paths, ReadOptions{Ignore: []string{"note"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(s.States, []string{"A", "B"}) || !reflect.DeepEqual(s.Units, []string{"mol", "g"}) || s.TimeLabel() != "t [s]" {
		t.Errorf("states %q, units %q, time %q", s.States, s.Units, s.TimeLabel())
	}
	a, b := s.Trajectories[0], s.Trajectories[1]
	if a.Name != "hot" || b.Name != "cold" {
		t.Errorf("names %q, %q", a.Name, b.Name)
	}
	if !equal(b.Values, []float64{10, 20, nan, 40}) || !equal(b.Weights, []float64{7, 1, 1, 1}) || !equal(a.Weights, []float64{1, 1, 1, 1}) {
		t.Errorf("values %v, weights %v and %v", b.Values, b.Weights, a.Weights)
	}
}

func TestReadFilesTellsTrajectoriesApart(t *testing.T) {
	const named, nameless = "trajectory,t,x\n1,0,1\n1,1,2\n2,0,1\n2,1,2\n", "t,x\n0,1\n1,2\n"
	names := func(paths []string) string {
		s, err := ReadFiles(paths, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		var n []string
		for _, tr := range s.Trajectories {
			n = append(n, tr.Name)
		}
		return strings.Join(n, " ")
	}
	if got := names(write(t, "a.csv", named, "b.csv", named)); got != "a/1 a/2 b/1 b/2" {
		t.Errorf("equal names became %q", got)
	}
	if got := names(write(t, "1.csv", nameless, "b.csv", named)); got != "1 1 (2) 2" {
		t.Errorf("a file called like a trajectory: %q", got)
	}
	paths := write(t, "x/run.csv", nameless, "y/run.csv", nameless)
	if got := names(paths); got != filepath.ToSlash(paths[0])+" "+filepath.ToSlash(paths[1]) {
		t.Errorf("files of the same name: %q", got)
	}
	if got := names(write(t, "a.csv", nameless)); got != "" {
		t.Errorf("a single trajectory got the name %q", got)
	}
}

func TestReadFilesRefuses(t *testing.T) {
	const ok = "t,A,B\n0,1,2\n1,3,4\n"
	check := func(name string, paths []string, opt ReadOptions, file, want string) {
		t.Helper()
		_, err := ReadFiles(paths, opt)
		var e *Error
		if !errors.As(err, &e) || filepath.Base(e.File) != file || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in file %q", name, err, want, file)
		}
	}
	check("nothing", nil, ReadOptions{}, ".", "no file")
	check("missing", []string{filepath.Join(t.TempDir(), "no.csv")}, ReadOptions{}, "no.csv", "no such file")
	dir := t.TempDir()
	check("folder", []string{dir}, ReadOptions{}, filepath.Base(dir), "folder")
	p := write(t, "a.csv", ok, "b.csv", "t,A,C\n0,1,2\n1,3,4\n", "c.csv", "t,A [g],B\n0,1,2\n1,3,4\n", "d.csv", "t,A [mol],B\n0,1,2\n1,3,4\n", "e.csv", "t,A,B\n0,1,2\n1,x,4\n")
	check("twice", []string{p[0], filepath.Dir(p[0]) + "/./a.csv"}, ReadOptions{}, "a.csv", "named twice")
	check("other states", p[:2], ReadOptions{}, "b.csv", "it lacks B, and it alone has C")
	check("other units", []string{p[0], p[2], p[3]}, ReadOptions{}, "d.csv", `column A: the unit is not the one that is wanted: "mol" and "g"`)
	check("bad number", []string{p[0], p[4]}, ReadOptions{}, "e.csv", `"x" is not a number`)
	check("ignored nowhere", p[:1], ReadOptions{Ignore: []string{"Q"}}, ".", "--ignore names")

	_, err := ReadFiles([]string{filepath.Join(dir, "no.csv")}, ReadOptions{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestReadFilesConvertsUnits(t *testing.T) {
	paths := write(t, "a.csv", "t,A [g],B\n0,1,2\n1,3,4\n", "b.csv", "t [min],B [mM],A [kg]\n0,5,2\n1,6,3\n", "c.csv", "t [s],A [mg],B [uM]\n0,5000,7\n1,6000,9\n")
	s, err := ReadFiles(paths, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, c := s.Trajectories[1], s.Trajectories[2]
	if !reflect.DeepEqual(s.Units, []string{"g", "mM"}) || s.TimeUnit != "min" || !equal(b.Values, []float64{2000, 5, 3000, 6}) ||
		!equal(c.Values, []float64{5, 0.007, 6, 0.009}) || !equal(c.Times, []float64{0, 1.0 / 60}) {
		t.Errorf("%q, %q: %+v", s.Units, s.TimeUnit, s.Trajectories)
	}
	notes := strings.Join(s.Notes, "\n")
	for _, want := range []string{"b.csv: A was converted from kg to g", "c.csv: A was converted from mg to g", "c.csv: t was converted from s to min"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note %q among:\n%s", want, notes)
		}
	}
}

func TestReadInitial(t *testing.T) {
	states := []string{"A", "B"}
	for _, c := range []struct {
		text string
		want []Trajectory
	}{
		{"A,B\n1,2\n", []Trajectory{{Times: []float64{nan}, Values: []float64{1, 2}}}},
		{"B,A,other\n2,1,x\n4,3,y\n", []Trajectory{{Name: "1", Times: []float64{nan}, Values: []float64{1, 2}}, {Name: "2", Times: []float64{nan}, Values: []float64{3, 4}}}},
		{"trajectory,A,B\na,1,2\nb,3,4\n", []Trajectory{{Name: "a", Times: []float64{nan}, Values: []float64{1, 2}}, {Name: "b", Times: []float64{nan}, Values: []float64{3, 4}}}},
		{"t,A,B\n5,1,2\n6,3,4\n", []Trajectory{{Times: []float64{5}, Values: []float64{1, 2}}}},
		{"t,A,B,trajectory\n5,1,2,x\n6,3,4,x\n7,5,6,y\n", []Trajectory{{Name: "x", Times: []float64{5}, Values: []float64{1, 2}}, {Name: "y", Times: []float64{7}, Values: []float64{5, 6}}}},
	} {
		s, err := ReadInitial(strings.NewReader(c.text), "f", states)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		same := len(s.Trajectories) == len(c.want)
		for k := 0; same && k < len(c.want); k++ {
			a, b := s.Trajectories[k], c.want[k]
			same = a.Name == b.Name && equal(a.Times, b.Times) && equal(a.Values, b.Values)
		}
		if !same {
			t.Errorf("%q: %+v", c.text, s.Trajectories)
		}
	}
	for text, want := range map[string]string{
		"A\n1\n":                           `no column "B"`,
		"A,B\n":                            "no rows",
		"A,B\n1,\n":                        "the value is missing",
		"A,B\n1,x\n":                       "not a number",
		"trajectory,A,B\na,1,2\na,1,2\n":   "second initial state",
		"trajectory,t,A,B\n,0,1,2\na,1,2,": "no trajectory",
	} {
		if _, err := ReadInitial(strings.NewReader(text), "f", states); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestWriteCSV(t *testing.T) {
	sets := map[string]*Set{
		"names that need care": {
			States: []string{"a,b", "c;d", `e "f"`, "g [h]", "#i", "[j]", "µ"}, Units: []string{"x,y", "", "", "", "%", "", "m/s"}, TimeName: "Time", TimeUnit: "10⁻³ s",
			Trajectories: []Trajectory{
				{Name: "#1", Times: []float64{-1, 0.1}, Values: []float64{1, 2, 3, 4, 5, 6, 7, nan, nan, nan, nan, nan, nan, nan}},
				{Name: "x, y", Times: []float64{0, 1e300}, Values: []float64{1. / 3, 5e-324, -1.7976931348623157e308, 0, 1e-5, 123456789, 0.1, 1, 2, 3, 4, 5, 6, 7}},
			},
		},
		"weights of one trajectory": {
			States: []string{"x", "y [z]"}, Units: []string{"", ""}, TimeName: "t",
			Trajectories: []Trajectory{
				{Name: "a", Times: []float64{0, 1}, Values: []float64{1, 2, 3, 4}, Weights: []float64{1, 0, 0.5, 1e-9}},
				{Name: "b", Times: []float64{0, 1}, Values: []float64{1, 2, 3, 4}, Weights: []float64{1, 1, 1, 1}},
			},
		},
		"nameless": {States: []string{"x"}, Units: []string{""}, TimeName: "t", Trajectories: []Trajectory{{Times: []float64{0, 1}, Values: []float64{1, 2}}}},
		"other time": {States: []string{"t", "time"}, Units: []string{"", ""}, TimeName: "tau", Trajectories: []Trajectory{
			{Times: []float64{0, 1}, Values: []float64{1, 2, 3, 4}}}},
	}
	for name, s := range sets {
		t.Run(name, func(t *testing.T) { roundTrip(t, s) })
	}
	var b strings.Builder
	if err := sets["nameless"].WriteCSV(&b); err != nil || b.String() != "t,x\n0,1\n1,2\n" {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
}

func TestCheckRefuses(t *testing.T) {
	for want, damage := range map[string]func(*Set){
		"no states":             func(s *Set) { s.States = nil },
		"units for":             func(s *Set) { s.Units = []string{"g"} },
		"no trajectories":       func(s *Set) { s.Trajectories = nil },
		"name occurs twice":     func(s *Set) { s.States[1] = "x" },
		"cannot be a name":      func(s *Set) { s.States[1] = " y" },
		"cannot be a unit":      func(s *Set) { s.TimeUnit = "[s]" },
		"no times":              func(s *Set) { s.Trajectories[0].Times = nil },
		"3 values for":          func(s *Set) { s.Trajectories[0].Values = s.Trajectories[0].Values[:3] },
		"2 weights for":         func(s *Set) { s.Trajectories[0].Weights = []float64{1, 1} },
		"time number 2 is NaN":  func(s *Set) { s.Trajectories[0].Times[1] = nan },
		"time 0 follows time 0": func(s *Set) { s.Trajectories[0].Times[1] = 0 },
		"infinite":              func(s *Set) { s.Trajectories[0].Values[3] = 1 / s.Trajectories[0].Times[0] },
		"weight at time 1":      func(s *Set) { s.Trajectories[0].Weights = []float64{1, 1, -1, 1} },
		"two trajectories":      func(s *Set) { s.Trajectories = append(s.Trajectories, s.Trajectories[0]) },
	} {
		s := &Set{States: []string{"x", "y"}, Trajectories: []Trajectory{{Times: []float64{0, 1}, Values: []float64{1, 2, 3, 4}}}}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		damage(s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		var b strings.Builder
		if err := s.WriteCSV(&b); err == nil || b.Len() > 0 {
			t.Errorf("%s: written all the same", want)
		}
	}
	reserved := &Set{States: []string{"Trajectory"}, Trajectories: []Trajectory{{Times: []float64{0}, Values: []float64{1}}}}
	if err := reserved.WriteCSV(&strings.Builder{}); err == nil {
		t.Error("a state called trajectory was written")
	}
}
