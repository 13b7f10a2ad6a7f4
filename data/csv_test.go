package data

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

var nan = math.NaN()

func read(t *testing.T, text string, opt ReadOptions) *Set {
	t.Helper()
	s, err := ReadCSV(strings.NewReader(text), "f.csv", opt)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if err := s.Check(); err != nil {
		t.Fatalf("%q was read into an unsound set: %v", text, err)
	}
	return s
}

func equal(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

// Every text says the same: t = 0, 1, 2.5; A = 1, missing, 0.25; B = 0, 5e-3, -2.
func TestReadCSVAcceptsTheWaysToWriteATable(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                 "t,A,B\n0,1,0\n1,,5e-3\n2.5,0.25,-2\n",
		"no final line break":   "t,A,B\n0,1,0\n1,,5e-3\n2.5,0.25,-2",
		"CRLF":                  "t,A,B\r\n0,1,0\r\n1,,5e-3\r\n2.5,0.25,-2\r\n",
		"CR alone":              "t,A,B\r0,1,0\r1,,5e-3\r2.5,0.25,-2\r",
		"byte-order mark":       "\ufefft,A,B\n0,1,0\n1,NaN,5e-3\n2.5,0.25,-2\n",
		"semicolons":            "t;A;B\n0;1;0\n1;;5e-3\n2.5;0.25;-2\n",
		"decimal commas":        "t;A;B\n0;1,0;0\n1;;5e-3\n2,5;0,25;-2\n",
		"decimal commas, units": "t;A [mol, l];B [mol, l]\n0;1,0;0\n1;;5e-3\n2,5;0,25;-2,0\n",
		"tabs":                  "t\tA\tB\n0\t1\t0\n1\t\t5e-3\n2.5\t0.25\t-2\n",
		"tabs, gap at the end":  "t\tB\tA\n0\t0\t1\n1\t5e-3\t\n2.5\t-2\t0.25\n",
		"commas in names":       "t\t\"A\"\tB\n0\t1\t0\n1\tna\t5e-3\n2.5\t0.25\t-2\n",
		"quoted":                "\"t\",\"A\",\"B\"\n\"0\",\"1\",\"0\"\n1,\"\",5e-3\n2.5,0.25,-2\n",
		"blanks":                " t , A , B \n 0 , 1 , 0 \n 1 , , 5e-3 \n 2.5 , 0.25 , -2 \n",
		"blank lines":           "\n\nt,A,B\n\n0,1,0\n1,NA,5e-3\n\n2.5,0.25,-2\n\n",
		"comments":              "# made by hand\n  # twice\nt,A,B\n0,1,0\n1,nan,5e-3\n2.5,0.25,-2\n",
		"spreadsheet leavings":  "t,A,B,,\n0,1,0,,\n1,,5e-3,,\n2.5,0.25,-2,,\n,,,,\n,,,,\n",
		"Fortran exponents":     "t,A,B\n0.0D+00,1.0D+00,0\n1d0,,5.0D-03\n2.5D0,2.5d-1,-2\n",
		"time":                  "time,A,B\n0,1,0\n1,,5e-3\n2.5,0.25,-2\n",
		"Time last":             "A,B,Time\n1,0,0\n,5e-3,1\n0.25,-2,2.5\n",
		"time with unit":        "A,B,t [s]\n1,0,0\n,5e-3,1\n0.25,-2,2.5\n",
		"time with round unit":  "A,B,Time (h)\n1,0,0\n,5e-3,1\n0.25,-2,2.5\n",
		"state units":           "t,A [mol/L],B [mol/L]\n0,1,0\n1,-nan,5e-3\n2.5,0.25,-2\n",
		"line break in header":  "t,\"A\n[mol/L]\",B\n0,1,0\n1,NaN,5e-3\n2.5,0.25,-2\n",
		"one trajectory":        "trajectory,t,A,B\na,0,1,0\na,1,,5e-3\na,2.5,0.25,-2\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := read(t, text, ReadOptions{})
			tr := s.Trajectories[0]
			a, b := s.Index("A"), s.Index("B")
			if len(s.States) != 2 || a < 0 || b < 0 || len(s.Trajectories) != 1 {
				t.Fatalf("states %q, %d trajectories", s.States, len(s.Trajectories))
			}
			want := make([]float64, 6)
			want[a], want[2+a], want[4+a] = 1, nan, 0.25
			want[b], want[2+b], want[4+b] = 0, 5e-3, -2
			if !equal(tr.Times, []float64{0, 1, 2.5}) || !equal(tr.Values, want) {
				t.Errorf("times %v, values %v, want values %v", tr.Times, tr.Values, want)
			}
		})
	}
}

func TestReadCSVNamesAndUnits(t *testing.T) {
	s := read(t, "time [s], y1 [mol/L] ,T [K],p[],[x],a [b] [],Fe(II)\n0,1,2,3,4,5,6\n1,1,2,3,4,5,7\n", ReadOptions{})
	if s.TimeName != "time" || s.TimeUnit != "s" {
		t.Errorf("time %q in %q", s.TimeName, s.TimeUnit)
	}
	if want := []string{"y1", "T", "p", "[x]", "a [b]", "Fe(II)"}; !reflect.DeepEqual(s.States, want) {
		t.Errorf("states %q, want %q", s.States, want)
	}
	if want := []string{"mol/L", "K", "", "", "", ""}; !reflect.DeepEqual(s.Units, want) {
		t.Errorf("units %q, want %q", s.Units, want)
	}
	if s.Label(0) != "y1 [mol/L]" || s.Label(5) != "Fe(II)" || s.TimeLabel() != "time [s]" {
		t.Errorf("labels %q, %q, %q", s.Label(0), s.Label(5), s.TimeLabel())
	}
}

func TestReadCSVSelects(t *testing.T) {
	const text = "t,A [g],B,comment,tau\n0,1,2,first,3\n1,4,5,second,6\n"
	for _, c := range []struct {
		opt    ReadOptions
		states []string
		row    []float64
	}{
		{ReadOptions{Ignore: []string{"comment"}}, []string{"A", "B", "tau"}, []float64{4, 5, 6}},
		{ReadOptions{States: []string{"B", "A"}}, []string{"B", "A"}, []float64{5, 4}},
		{ReadOptions{States: []string{"A [g]"}, Ignore: []string{"B"}}, []string{"A"}, []float64{4}},
		{ReadOptions{Time: "tau", Ignore: []string{"comment"}}, []string{"t", "A", "B"}, []float64{1, 4, 5}},
	} {
		s := read(t, text, c.opt)
		if got := s.Trajectories[0].Row(1, len(s.States)); !reflect.DeepEqual(s.States, c.states) || !equal(got, c.row) {
			t.Errorf("%+v: states %q, row 1 %v", c.opt, s.States, got)
		}
	}
}

func TestReadCSVCollectsInterleavedTrajectories(t *testing.T) {
	s := read(t, "Trajectory,t,x,weight:x\n#1,0,1,\nrun  two,0,10,2\n#1,1,2,0\nrun two,0.5,20,3\n#1,2,3,1\n", ReadOptions{})
	want := []Trajectory{
		{Name: "#1", Times: []float64{0, 1, 2}, Values: []float64{1, 2, 3}, Weights: []float64{1, 0, 1}},
		{Name: "run two", Times: []float64{0, 0.5}, Values: []float64{10, 20}, Weights: []float64{2, 3}},
	}
	if !reflect.DeepEqual(s.Trajectories, want) {
		t.Errorf("got %+v", s.Trajectories)
	}
}

func TestReadCSVNotes(t *testing.T) {
	s := read(t, "trajectory,t,N2,A,T,B,C\na,0,0.78,,300,,1\na,1,0.78,1,300,,2\nb,0,0.78,1,310,,1\nb,1,0.78,2,310,,1\n", ReadOptions{})
	got := strings.Join(s.Notes, "\n")
	for _, want := range []string{"N2 is constant (0.78)", "initial value of A is missing in 1 of 2 trajectories: a", "T is constant within every trajectory", "B was never observed"} {
		if !strings.Contains(got, want) {
			t.Errorf("no note %q among:\n%s", want, got)
		}
	}
	if len(s.Notes) != 4 {
		t.Errorf("notes:\n%s", got)
	}
	if m := s.MissingInitial(); !reflect.DeepEqual(m, [][]int{{1, 3}, {3}}) {
		t.Errorf("missing initial values: %v", m)
	}
	if s := read(t, "t;x\n0;1,5\n1;2\n", ReadOptions{}); len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "decimal commas") {
		t.Errorf("notes %q, want one on decimal commas", s.Notes)
	}
}

func TestReadCSVRefuses(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct {
		name, text   string
		opt          ReadOptions
		line         int
		column, want string // want is part of the message with its remedy
	}{
		{"empty", "", ReadOptions{}, 0, "", "empty"},
		{"blank", "\n \r\n", ReadOptions{}, 0, "", "empty"},
		{"comments alone", "# t,x\n# 1,2\n", ReadOptions{}, 0, "", "empty"},
		{"header alone", "t,x\n", ReadOptions{}, 1, "", "no rows"},
		{"no header", "0,1\n1,2\n", ReadOptions{}, 1, "", "numbers instead of names"},
		{"no time", "x,y\n1,2\n", ReadOptions{}, 1, "", "the columns are: x, y"},
		{"temperature is no time", "T,y\n1,2\n", ReadOptions{}, 1, "", "no time column"},
		{"bars for separators", "t|x|y\n0|1|2\n", ReadOptions{}, 1, "", "one single name"},
		{"two times", "t,x,time\n0,1,0\n", ReadOptions{}, 1, "time", "columns 1 and 3"},
		{"text", "t,x,y\n0,1,2\n1,abc,3\n", ReadOptions{}, 3, "x", `"abc" is not a number`},
		{"text's remedy", "t,a b,y\n0,1,2\n1,abc,3\n", ReadOptions{}, 3, "a b", "--ignore 'a b'"},
		{"spreadsheet error", "t,x\n0,#DIV/0!\n1,3\n", ReadOptions{}, 2, "x", "leave the cell empty"},
		{"hexadecimal", "t,x\n0,0x1p4\n1,3\n", ReadOptions{}, 2, "x", "not a number"},
		{"underscore", "t,x\n0,1_000\n1,3\n", ReadOptions{}, 2, "x", "not a number"},
		{"two points", "t,x\n0,1.2.3\n1,3\n", ReadOptions{}, 2, "x", "not a number"},
		{"sign alone", "t,x\n0,-\n1,3\n", ReadOptions{}, 2, "x", "not a number"},
		{"infinity", "t,x\n0,1\n1,-Inf\n", ReadOptions{}, 3, "x", "infinite"},
		{"Infinity", "t,x\n0,1\n1,Infinity\n", ReadOptions{}, 3, "x", "infinite"},
		{"too large", "t,x\n0,1\n1,1e999\n", ReadOptions{}, 3, "x", "too large"},
		{"infinite time", "t,x\n0,1\ninf,1\n", ReadOptions{}, 3, "t", "infinite"},
		{"date", "t,x\n2020-01-01,1\n", ReadOptions{}, 2, "t", "times are plain numbers"},
		{"missing time", "t,x\n0,1\n,1\n", ReadOptions{}, 3, "t", "time is missing"},
		{"NaN time", "t,x\n0,1\nNaN,1\n", ReadOptions{}, 3, "t", "time is missing"},
		{"short row", "t,x,y\n0,1,2\n1,3\n", ReadOptions{}, 3, "3", "2 cells, the header 3"},
		{"long row", "t,x\n0,1\n1,2,3\n", ReadOptions{}, 3, "3", "decimal comma"},
		{"duplicate time", "t,x\n0,1\n1,2\n\n1,3\n", ReadOptions{}, 5, "t", "time 1 occurs twice, here and in line 3"},
		{"duplicate time's remedy", "t,x\n0,1\n0,2\n", ReadOptions{}, 3, "t", "name each in a column called trajectory"},
		{"decreasing time", "trajectory,t,x\na,0,1\nb,5,1\na,2,2\na,1,3\n", ReadOptions{}, 5, "t", "time 1 follows time 2 of line 4"},
		{"one row", "t,x\n0,1\n", ReadOptions{}, 2, "", "only one row"},
		{"one row of a trajectory", "trajectory,t,x\na,0,1\nb,0,1\nb,1,1\n", ReadOptions{}, 2, "", `trajectory "a" has only one row`},
		{"nameless trajectory", "trajectory,t,x\na,0,1\n,1,1\n", ReadOptions{}, 3, "trajectory", "no trajectory"},
		{"time alone", "t\n0\n1\n", ReadOptions{}, 1, "", "no state left"},
		{"all ignored", "t,x\n0,1\n1,2\n", ReadOptions{Ignore: []string{"x"}}, 1, "", "no state left"},
		{"same name", "t,x,y,x\n0,1,2,3\n", ReadOptions{}, 1, "x", "columns 2 and 4"},
		{"same name, other unit", "t,x [g],x [mol]\n0,1,2\n", ReadOptions{}, 1, "x", "columns 2 and 3"},
		{"no name", ",t,x\n0.5,0,1\n7,1,2\n", ReadOptions{}, 1, "1", "no name"},
		{"unknown state", "t,NO2,O3\n0,1,2\n1,3,4\n", ReadOptions{States: []string{"NO3"}}, 0, "", "did you mean NO2"},
		{"unknown ignored", "t,NO2,O3\n0,1,2\n1,3,4\n", ReadOptions{Ignore: []string{"zzzzzz"}}, 0, "", "the columns are: t, NO2, O3"},
		{"unknown time", "t,x\n0,1\n1,3\n", ReadOptions{Time: "T"}, 0, "", "did you mean t"},
		{"time for a state", "t,x\n0,1\n1,3\n", ReadOptions{States: []string{"t"}}, 1, "t", "cannot be a state"},
		{"time ignored", "t,x\n0,1\n1,3\n", ReadOptions{Ignore: []string{"t"}}, 1, "t", "cannot be ignored"},
		{"selected and ignored", "t,x,y\n0,1,2\n1,3,4\n", ReadOptions{States: []string{"x"}, Ignore: []string{"x"}}, 1, "x", "both"},
		{"selected twice", "t,x,y\n0,1,2\n1,3,4\n", ReadOptions{States: []string{"x", "x"}}, 1, "x", "twice"},
		{"weight of nothing", "t,x1,weight:x2\n0,1,1\n1,3,1\n", ReadOptions{}, 0, "", "did you mean x1"},
		{"negative weight", "t,x,weight:x\n0,1,-1\n1,3,1\n", ReadOptions{}, 2, "weight:x", "cannot be a weight"},
		{"decimal comma, quoted", "t,x\n0,\"1,5\"\n1,2\n", ReadOptions{}, 2, "x", "separate the cells by semicolons"},
		{"decimal comma between tabs", "t\tx\n0\t1,500\n1\t2\n", ReadOptions{}, 2, "x", "thousands"},
		{"both decimal marks", "t;x\n0;1,5\n1;2.5\n", ReadOptions{}, 3, "x", `"1,5" in line 2`},
		{"thousands", "t;x\n0;1.000,5\n1;2,5\n", ReadOptions{}, 2, "x", "not a number"},
		{"open quote", "t,x\n0,\"1\n1,2\n", ReadOptions{}, 2, "", "quotation mark"},
		{"bare quote", "t,x\n0,1\"\n1,2\n", ReadOptions{}, 2, "", "quotation mark"},
		{"NUL", "t,x\n0,\x001\n", ReadOptions{}, 2, "", "not a text file"},
		{"UTF-16", "\xff\xfet\x00,\x00x\x00\n\x00", ReadOptions{}, 0, "", "UTF-16"},
		{"Latin-1", "t,x\n0,1\n1,\xb5\n", ReadOptions{}, 3, "", "not UTF-8"},
		{"control characters", "t,x\x1b[2J\n0,1\n1,2\n", ReadOptions{}, 1, "", "invisible"},
		{"huge cell", "t,x\n0," + long + "\n", ReadOptions{}, 2, "x", "not a number"},
		{"huge name", "t," + long + "\n0,y\n", ReadOptions{}, 2, "2", "not a number"},
		{"comment lines count", "# one\n# two\nt,x\n0,a\n", ReadOptions{}, 4, "x", "not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadCSV(strings.NewReader(c.text), "f.csv", c.opt)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v (%T)", err, err)
			}
			if e.File != "f.csv" || e.Line != c.line || e.Column != c.column || !strings.Contains(err.Error(), c.want) {
				t.Errorf("line %d, column %q: %s\nwant line %d, column %q, %q", e.Line, e.Column, err, c.line, c.column, c.want)
			}
			if len(err.Error()) > 600 {
				t.Errorf("the message has %d characters", len(err.Error()))
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestReadCSVReportsTheReadersError(t *testing.T) {
	_, err := ReadCSV(brokenReader{}, "f.csv", ReadOptions{})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{
		"t,A,B\n0,1,0\n1,,5e-3\n2.5,0.25,-2\n",
		"\ufefft;A [mol/L];trajectory\r\n0;1,5;a\r\n1;NaN;b\r\n2;0;a\r\n3;4,5;b\r\n",
		"time\tx\tweight:x\n0\t1\t2\n1\tna\t\n",
		"#c\n\"t\",\"a \"\"b\"\"\",c [x] []\n0,1,2\n1,2,3\n",
		"t,x\n0,1e308\n1,-1e308\n2,5e-324\n",
		"t,x\n0,inf\n", "t,\"x\n", ",,,\n,,\n", "t\n", "\xff\xfe", "t,x\n\x00", "t,t\n", "0,1\n", "t [],[ ],]\n1,2,3\n2,2,3\n",
	} {
		f.Add(s, "")
	}
	f.Add("a,b\n0,1\n1,2\n", "a")
	f.Fuzz(func(t *testing.T, text, timeName string) {
		set, err := ReadCSV(strings.NewReader(text), "f", ReadOptions{Time: timeName})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Msg == "" || e.Error() == "" {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		if err := set.Check(); err != nil {
			t.Fatalf("unsound: %v", err)
		}
		st := set.Stats()
		for _, k := range []Scaling{ScaleRange, ScaleMax} {
			for _, x := range st.Scale(k) {
				if !(x > 0) || math.IsInf(x, 0) || math.IsInf(1/x, 0) {
					t.Fatalf("scale %g", x)
				}
			}
		}
		roundTrip(t, set)
	})
}

// roundTrip writes a set and reads it again.
func roundTrip(t *testing.T, set *Set) {
	t.Helper()
	var b strings.Builder
	if err := set.WriteCSV(&b); err != nil {
		t.Fatalf("cannot be written: %v", err)
	}
	again, err := ReadCSV(strings.NewReader(b.String()), "f", ReadOptions{Time: set.TimeLabel()})
	if err != nil {
		t.Fatalf("cannot be read again: %v\n%s", err, b.String())
	}
	if !reflect.DeepEqual(set.States, again.States) || !reflect.DeepEqual(set.Units, again.Units) || set.TimeLabel() != again.TimeLabel() || len(set.Trajectories) != len(again.Trajectories) {
		t.Fatalf("read again: %+v\nwritten: %+v\n%s", again, set, b.String())
	}
	for k, a := range set.Trajectories {
		b := again.Trajectories[k]
		if a.Name != b.Name || !equal(a.Times, b.Times) || !equal(a.Values, b.Values) || !equal(a.Weights, b.Weights) {
			t.Fatalf("read again: %+v\nwritten: %+v", b, a)
		}
	}
}

// Behind an empty line and the header a second block may begin, also where its times happen to be later.
func TestBlockWhoseTimeGoesOn(t *testing.T) {
	_, err := ReadCSV(strings.NewReader("t,A\n0,1\n1,2\n\nt,A\n9,1\n10,2\n"), "x.csv", ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), "x.csv:6") || !strings.Contains(err.Error(), "trajectory") {
		t.Errorf("error %v", err)
	}
	set, err := ReadCSV(strings.NewReader("t,A\n0,1\n1,2\nt,A\n9,1\n10,2\n"), "x.csv", ReadOptions{})
	if err != nil || len(set.Trajectories) != 1 || set.Rows() != 4 {
		t.Errorf("a header that a logger writes again: %v, %v", set, err)
	}
}

func TestWellsNeedAName(t *testing.T) {
	if _, err := ReadCSV(strings.NewReader("t,A1,A2\n0,1,2\n1,2,3\n"), "x.csv", ReadOptions{Wells: " "}); err == nil || !strings.Contains(err.Error(), "--wells") {
		t.Errorf("error %v", err)
	}
}
