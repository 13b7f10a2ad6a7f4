package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The files of the command's tests are seeds: what they hold is read to a sound set that survives writing, or refused with a place and a remedy.
func FuzzReadFiles(f *testing.F) {
	err := filepath.WalkDir(filepath.Join("..", "cmd", "stiffnode", "testdata", "files"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var b []byte
			if b, err = os.ReadFile(path); err == nil && len(b) < 1<<13 {
				f.Add(b, "", "", "", "", false)
			}
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("time,what,amount\n0,A,1\n0,A,2\n1,A,2\n1,B,3\n"), "", "", "what,amount", "", true)
	f.Add([]byte("run,day,t,x\n1,1,0,1\n1,2,0,1\n1,1,1,1\n1,2,1,1\n"), "t", "run,day", "", "", false)
	f.Add([]byte("t,A1,A2\n0,1,2\n1,2,3\n"), "", "", "", "OD", false)
	f.Fuzz(func(t *testing.T, raw []byte, timeName, ids, long, wells string, replicates bool) {
		opt := ReadOptions{Time: timeName, Wells: wells, Replicates: replicates}
		if ids != "" {
			opt.Trajectory = strings.Split(ids, ",")
		}
		if long != "" {
			opt.Long = strings.Split(long, ",")
		}
		set, err := ReadCSV(bytes.NewReader(raw), "f", opt)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Msg == "" {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		if err := set.Check(); err != nil {
			t.Fatalf("unsound: %v", err)
		}
		if len(set.Readings) != 1 {
			t.Fatalf("%d readings", len(set.Readings))
		}
		if _, special := special(set); !special {
			roundTrip(t, set)
		}
	})
}

// special says whether names in a set have a meaning of their own in a file, so that writing refuses them or reading takes them for something else.
func special(s *Set) (string, bool) {
	for _, n := range s.States {
		lower := strings.ToLower(n)
		if strings.EqualFold(n, trajectoryColumn) || strings.HasPrefix(n, weightPrefix) || wellName.MatchString(n) || isID(n) || indexNames[lower] || strings.HasPrefix(n, "der(") || lower == "dv" || lower == "__index_level_0__" {
			return n, true
		}
	}
	return "", strings.EqualFold(s.TimeName, trajectoryColumn) || strings.HasPrefix(s.TimeName, weightPrefix)
}

func TestReadLong(t *testing.T) {
	const text = "lab,run,time [h],what,amount [mM],note\nx,1,1,A,1,\nx,1,0,A,2,hm\nx,1,0,B,5,\nx,1,0,B,7,\nx,1,1,B,.,\nx,2,0,A,3,\nx,2,2,A,4,\n"
	s := read(t, text, ReadOptions{Long: []string{"what", "amount"}, Trajectory: []string{"lab", "run"}})
	want := []Trajectory{
		{Name: "x/1", Times: []float64{0, 1}, Values: []float64{2, 6, 1, nan}, Weights: []float64{1, 2, 1, 0}},
		{Name: "x/2", Times: []float64{0, 2}, Values: []float64{3, nan, 4, nan}, Weights: []float64{1, 0, 1, 0}},
	}
	for k, w := range want {
		if got := s.Trajectories[k]; got.Name != w.Name || !equal(got.Times, w.Times) || !equal(got.Values, w.Values) || !equal(got.Weights, w.Weights) {
			t.Errorf("got %+v, want %+v", got, w)
		}
	}
	if !slices.Equal(s.States, []string{"A", "B"}) || !slices.Equal(s.Units, []string{"mM", "mM"}) || s.TimeLabel() != "time [h]" {
		t.Errorf("states %q, units %q, time %s", s.States, s.Units, s.TimeLabel())
	}
	if r := s.Readings[0]; !slices.Equal(r.Long, []string{"what", "amount"}) || !slices.Equal(r.Trajectory, []string{"lab", "run"}) || len(r.Notes) == 0 {
		t.Errorf("reading %+v", r)
	}
	picked := read(t, text, ReadOptions{Long: []string{"what", "amount"}, Trajectory: []string{"lab", "run"}, States: []string{"A"}})
	if !slices.Equal(picked.States, []string{"A"}) || !equal(picked.Trajectories[0].Values, []float64{2, 1}) {
		t.Errorf("%q: %v", picked.States, picked.Trajectories[0].Values)
	}
	for want, opt := range map[string]ReadOptions{
		"names two":               {Long: []string{"what", "amount", "note"}},
		"names the column twice":  {Long: []string{"what", "what"}},
		"holds times":             {Long: []string{"what", "time"}},
		"could both":              {},
		`--states names "C"`:      {Long: []string{"what", "amount"}, Trajectory: []string{"lab", "run"}, States: []string{"C"}},
		"--trajectory names the":  {Long: []string{"what", "amount"}, Trajectory: []string{"run", "run"}},
		"both named":              {Long: []string{"what", "amount"}, Trajectory: []string{"run"}, Ignore: []string{"run"}},
		"cannot name trajectorie": {Long: []string{"what", "amount"}, Trajectory: []string{"time"}},
	} {
		text := text
		if want == "could both" {
			text = strings.Replace(text, "note", "timestamp", 1)
		}
		if _, err := ReadCSV(strings.NewReader(text), "f", opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Names of trajectories that come from several columns are told apart, whatever strokes they have.
func TestTrajectoryNamesOfSeveralColumns(t *testing.T) {
	_, err := ReadCSV(strings.NewReader("a,b,t,x\np,q/r,0,1\np,q/r,1,1\np/q,r,0,1\np/q,r,1,1\n"), "f", ReadOptions{Trajectory: []string{"a", "b"}})
	if err == nil || !strings.Contains(err.Error(), "stroke") {
		t.Errorf("%v", err)
	}
}

func TestReplicates(t *testing.T) {
	s := read(t, "t,A,B\n0,1,\n0,3,5\n1,4,6\n1,8,8\n1,9,.\n", ReadOptions{})
	tr := s.Trajectories[0]
	if !equal(tr.Times, []float64{0, 1}) || !equal(tr.Values, []float64{2, 5, 7, 7}) || !equal(tr.Weights, []float64{2, 1, 3, 2}) {
		t.Errorf("%+v", tr)
	}
	if huge := read(t, "t,A\n0,1e308\n0,1e308\n0,1.5e308\n1,-1e308\n1,-1e308\n1,-1e308\n", ReadOptions{}).Trajectories[0]; math.IsInf(huge.Values[0], 0) || huge.Values[1] != -1e308 {
		t.Errorf("%v", huge.Values)
	}
	// Two rows at one of many times may be the two sides of a jump: identical ones are not.
	const jump = "t,A\n0,1\n1,2\n1,5\n2,6\n3,7\n"
	if _, err := ReadCSV(strings.NewReader(jump), "f", ReadOptions{}); err == nil || !strings.Contains(err.Error(), "f:4") || !strings.Contains(err.Error(), "--replicates") {
		t.Errorf("%v", err)
	}
	if s := read(t, jump, ReadOptions{Replicates: true}); !equal(s.Trajectories[0].Values, []float64{1, 3.5, 6, 7}) {
		t.Errorf("%v", s.Trajectories[0])
	}
	if s := read(t, strings.Replace(jump, "1,5", "1,2", 1), ReadOptions{}); s.Rows() != 4 || s.Trajectories[0].Weights != nil {
		t.Errorf("%v", s.Trajectories[0])
	}
	// What counts for nothing has no part in a mean.
	if s := read(t, "t,A,weight:A\n0,1,1\n0,9,0\n1,2,1\n1,4,3\n", ReadOptions{}); !equal(s.Trajectories[0].Values, []float64{1, 3.5}) || !equal(s.Trajectories[0].Weights, []float64{1, 4}) {
		t.Errorf("%+v", s.Trajectories[0])
	}
}

func TestWells(t *testing.T) {
	s := read(t, "t,A1,A2 [mM],B1\n0,1,2,.\n1,2,3,4\n2,3,4,5\n", ReadOptions{Wells: "OD", Ignore: nil})
	want := []Trajectory{{Name: "A1", Times: []float64{0, 1, 2}, Values: []float64{1, 2, 3}}, {Name: "A2", Times: []float64{0, 1, 2}, Values: []float64{2, 3, 4}}, {Name: "B1", Times: []float64{1, 2}, Values: []float64{4, 5}}}
	if !slices.Equal(s.States, []string{"OD"}) || !reflect.DeepEqual(s.Trajectories, want) {
		t.Errorf("%q: %+v", s.States, s.Trajectories)
	}
	if _, err := ReadCSV(strings.NewReader("t,A1,T600\n0,1,2\n1,2,3\n"), "f", ReadOptions{Wells: "OD"}); err == nil || !strings.Contains(err.Error(), "T600") {
		t.Errorf("%v", err)
	}
}

// Gzip that unpacks to more than may be read is refused before it fills the memory.
func TestGzipBombIsRefused(t *testing.T) {
	defer func(old int) { maxBytes = old }(maxBytes)
	maxBytes = 1 << 20
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, "t,x\n")
	for range 1 << 16 {
		io.WriteString(z, "0,1                               \n")
	}
	z.Close()
	if b.Len() > 1<<16 {
		t.Fatalf("the bomb has %d bytes", b.Len())
	}
	var e *Error
	if _, err := ReadCSV(&b, "x.gz", ReadOptions{}); !errors.As(err, &e) || !strings.Contains(e.Msg, "more than 1048576 bytes") || e.Remedy == "" {
		t.Errorf("%v", err)
	}
}

// countdown is a context that ends after it was looked at so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Large tables of every shape are read in one go: what is quadratic in rows, columns, names or comments takes minutes here, and the test's time limit ends it.
func TestLargeTablesOfEveryShape(t *testing.T) {
	if testing.Short() {
		t.Skip("large tables")
	}
	for name, text := range map[string]string{
		"rows":     "t,x\n" + lines(200_000, func(i int) string { return fmt.Sprintf("%d,%d", i, i%7) }),
		"columns":  wideTable(50_000),
		"gaps":     "t" + strings.ReplaceAll(strings.TrimPrefix(wideTable(20_000), "t"), ",0", ",."),
		"ids":      "trajectory,t,x\n" + lines(200_000, func(i int) string { return fmt.Sprintf("r%d,%d,%d", i/2, i%2, i%7) }),
		"names":    "t,variable,value\n" + lines(6_000, func(i int) string { return fmt.Sprintf("%d,s%d,1", i%2, i/2) }),
		"comments": strings.Repeat("# t,x,y\n", 200_000) + "t,x\n0,1\n1,2\n",
		"blanks":   "t,x\n" + strings.Repeat("\n", 500_000) + "0,1\n1,2\n",
	} {
		if _, err := ReadCSV(strings.NewReader(text), "f", ReadOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func lines(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i) + "\n")
	}
	return b.String()
}

func wideTable(n int) string {
	var b strings.Builder
	b.WriteString("t")
	for j := range n {
		fmt.Fprintf(&b, ",s%d", j)
	}
	for i := range 3 {
		fmt.Fprintf(&b, "\n%d%s", i, strings.Repeat(fmt.Sprintf(",%d", i), n))
	}
	return b.String() + "\n"
}
