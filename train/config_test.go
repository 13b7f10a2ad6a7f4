package train

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t testing.TB, c *Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.WriteTOML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDefaultIsPossible(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

// What is written is read back to the same values, whatever they are.
func TestConfigRoundTrip(t *testing.T) {
	c := Default()
	c.Data = DataConfig{Files: []string{`a "quoted" \ name.csv`, "b\tc.csv"}, Time: "Zeit", States: []string{"y [1]"}, Trajectory: []string{"run", "day"}, Long: []string{"name", "value"}, Wells: "OD", Replicates: true}
	c.Model.Hidden, c.Model.Output = []int{7, 3}, "sinh"
	c.Solver.RTol, c.Solver.ATol = 1.2345678901234567e-7, []float64{1e-12, 3}
	c.Loss.Noise, c.Data.Holdout = []float64{0.5, 0.25}, 0.125
	c.Train.Seed, c.Train.Epochs = 1<<62, 123456
	c.Constraints = ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + 2*y2 = 1e-3", "b - c = 0"}, Algebraic: []string{"y1", "b"}, NonNegative: []string{"b"}}
	c.Optimizer.LearningRate, c.Optimizer.Nesterov, c.Optimizer.Momentum = 1.0/3, true, 0.5
	back := Default()
	if err := back.Merge("x", []byte(write(t, c))); err != nil {
		t.Fatal(err)
	}
	c.Data.Ignore = []string{} // what is empty is read as an empty list
	if d := cmp.Diff(c, back); d != "" {
		t.Error(d)
	}
}

// Every key of the file has its own line, so that none is lost on the way.
func TestEveryKeyIsWritten(t *testing.T) {
	text := write(t, Default())
	for _, f := range Default().fields() {
		_, key, _ := strings.Cut(f.key, ".")
		if !strings.Contains(text, "\n"+key+" = ") {
			t.Errorf("%s is not in the file", f.key)
		}
	}
}

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	text := `[model]
hiden = [5, 5]
activation = "gelo"
input = 3

[solver]
rtol = "small"
atol = [1e-6, "x"]
max_steps = 2.5
[los]
kind = "mae"

[train]
epochs = -4
rtol = 1e-3
seed = -1

[optimizer]
learning_rate = 0
clip_norm = 1
rescale_norm = 2
`
	err := Default().Merge("c.toml", []byte(text))
	var e *ConfigError
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T)", err, err)
	}
	want := map[string][2]any{ // line, and what the message must contain
		"model.hiden":             {2, "did you mean hidden?"},
		"model.activation":        {3, `did you mean "gelu"?`},
		"model.input":             {4, "is 3; it must be text"},
		"solver.rtol":             {7, `is "small"; it must be a number`},
		"solver.atol":             {8, "a list in brackets"},
		"solver.max_steps":        {9, "is 2.5; it must be a whole number"},
		"los":                     {10, "did you mean [loss]?"},
		"train.epochs":            {14, "is -4; it must be at least 1"},
		"train.rtol":              {15, "belongs into the section [solver]"},
		"train.seed":              {16, "not negative"},
		"optimizer.learning_rate": {19, "above 0"},
		"optimizer.clip_norm":     {20, "exclude each other"},
	}
	for _, p := range e.Problems {
		w, ok := want[p.Key]
		if !ok {
			t.Errorf("unexpected: %+v", p)
			continue
		}
		if p.Line != w[0] || !strings.Contains(p.Msg, w[1].(string)) {
			t.Errorf("%+v, want line %d and %q", p, w[0], w[1])
		}
		delete(want, p.Key)
	}
	for k := range want {
		t.Errorf("not reported: %s", k)
	}
	if !strings.HasPrefix(err.Error(), "c.toml:2: model.hiden: ") {
		t.Errorf("message begins %q", strings.SplitN(err.Error(), "\n", 2)[0])
	}
}

func TestConfigSyntax(t *testing.T) {
	for text, want := range map[string]string{
		"[model\nx = 1":                              "c.toml:1: ",
		"[model]\nhidden = [5\n[loss]":               "not TOML",
		"[model]\nhidden = [5]\nhidden = [6]":        "not TOML",
		"model = 3":                                  "write [model] above its keys",
		"rtol = 1e-3":                                "belongs into the section [solver]",
		"[[model]]\nhidden = [3]":                    "write [model] above its keys",
		"[xyzzyplugh]":                               "there are data, model",
		"[solver]\nabracadabra = 1":                  "[solver] has method, rtol",
		"solver = { rtol = 5 }":                      "c.toml:1: solver.rtol: is 5",
		"[solver]\nrtol = nan":                       "is NaN",
		"[model]\nhidden = [0]":                      "0 neurons",
		"[solver]\nmethod = \"Rosenbrok23\"":         `did you mean "Rosenbrock23"?`,
		"[solver]\nmethod = \"AutoTsit5(Rodos4)\"":   "not known",
		"[schedule]\nkind = \"cosine\"\nwarmup=9999": "fewer",
	} {
		err := Default().Merge("c.toml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
	c := Default()
	if err := c.Merge("c.toml", []byte("solver.rtol = 1e-3\n[train]\nepochs = 5e3\n[model]\nhidden = 7\n[solver.x]\n")); err == nil || !strings.Contains(err.Error(), "solver.x") {
		t.Errorf("a table inside a section: %v", err)
	}
	c = Default()
	if err := c.Merge("c.toml", []byte("solver.rtol = 1e-3\n[train]\nepochs = 5e3\n[model]\nhidden = 7\n")); err != nil || c.Train.Epochs != 5000 || c.Model.Hidden[0] != 7 || c.Solver.RTol != 1e-3 {
		t.Errorf("%v: epochs %d, hidden %v, rtol %g", err, c.Train.Epochs, c.Model.Hidden, c.Solver.RTol)
	}
}

func TestSet(t *testing.T) {
	c := Default()
	for _, s := range []string{"solver.rtol=1e-5", "model.output = sinh", "model.hidden=[3,4]", `loss.kind="mse"`, "optimizer.nesterov=false"} {
		if err := c.Set(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if c.Solver.RTol != 1e-5 || c.Model.Output != "sinh" || len(c.Model.Hidden) != 2 || c.Loss.Kind != "mse" {
		t.Errorf("%+v", c)
	}
	for _, s := range []string{"solver.rtol", "solver.rtol=x", "solver.rtl=1", "=", "a b=c"} {
		if err := c.Set(s); err == nil || !strings.Contains(err.Error(), "--set "+s) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestParseNetwork(t *testing.T) {
	for s, want := range map[string][]int{"3x10": {10, 10, 10}, "20,10, 5": {20, 10, 5}, "7": {7}} {
		if got, err := ParseNetwork(s); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "x", "3x", "0x5", "5x0", "a,b", "-3", "1000000x5"} {
		if got, err := ParseNetwork(s); err == nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestLoadConfigFindsDataBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.toml")
	os.WriteFile(path, []byte("[data]\nfiles = [\"d.csv\", \"/abs/e.csv\"]\n"), 0o600)
	c, err := LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(dir, "d.csv"), "/abs/e.csv"}; !cmp.Equal(c.Data.Files, want) {
		t.Errorf("%v, want %v", c.Data.Files, want)
	}
	if _, err := LoadConfig(filepath.Join(dir, "nowhere.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Whatever the text, Merge gives a configuration that is possible and survives being written, or a *ConfigError with a message.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(write(f, Default())))
	f.Add([]byte("[model]\nhidden = [5, 5]\nactivation = 'tanh'\n[solver]\nrtol = 1e-3\natol = 1e-6\n"))
	f.Add([]byte("solver = { rtol = 5, x = [1, {a = 2}] }\n[[train]]\n"))
	f.Add([]byte("[train]\nseed = 9223372036854775807\nepochs = 1e14\nbudget = inf\n"))
	f.Add([]byte("a.b.c.d = 1979-05-27\n\"\" = 1\n[\"\\u0000\"]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := Default()
		if err := c.Merge("x", text); err != nil {
			var e *ConfigError
			if !errors.As(err, &e) || len(e.Problems) == 0 || err.Error() == "" {
				t.Fatalf("%v (%T)", err, err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("an impossible configuration was accepted: %v", err)
		}
		again := Default()
		if err := again.Merge("x", []byte(write(t, c))); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if write(t, c) != write(t, again) {
			t.Fatal("writing and reading changed the configuration")
		}
	})
}

// A copy shares nothing, so that what is resolved for one data set is not found in the configuration of another.
func TestCloneSharesNothing(t *testing.T) {
	c := Default()
	c.Data.Files, c.Model.Hidden, c.Solver.ATol, c.Loss.Noise = []string{"a"}, []int{3}, []float64{1}, []float64{2}
	c.Data.States, c.Data.Ignore, c.Data.Trajectory, c.Data.Long = []string{"x"}, []string{"y"}, []string{"run"}, []string{"n", "v"}
	c.Constraints = ConstraintsConfig{Laws: []string{"A + B"}, Algebraic: []string{"A"}, NonNegative: []string{"B"}}
	before := write(t, c)
	copied := c.Clone()
	if d := cmp.Diff(c, copied); d != "" {
		t.Fatal(d)
	}
	for _, f := range copied.fields() {
		if f.value.Kind() == reflect.Slice {
			if f.value.Len() == 0 {
				t.Errorf("%s is empty: the test does not see whether it is shared", f.key)
				continue
			}
			f.value.Index(0).SetZero()
		}
	}
	if write(t, c) != before {
		t.Errorf("changing the copy has changed the original:\n%s", write(t, c))
	}
}

// Every impossible value is blamed on its own key, by its own value, and counts have bounds.
func TestImpossibleValuesAreBlamedOnTheirKeys(t *testing.T) {
	for set, want := range map[string]string{
		"optimizer.learning_rate=-1":                  "optimizer.learning_rate: is -1; it must be above 0",
		"schedule.final=0.5":                          "schedule.final: is 0.5; it must be at most the learning rate, which is 0.01",
		"schedule.final=-1":                           "schedule.final: is -1; it must be at least 0",
		"train.epochs=0":                              "train.epochs: is 0; it must be at least 1",
		"train.epochs=9223372036854775807":            "train.epochs: is 9223372036854775807; it must be at most 1000000000",
		"starts.epochs=9223372036854775807":           "starts.epochs: is 9223372036854775807; it must be at most",
		"starts.count=100000000":                      "starts.count: is 100000000; it must be at most 1000",
		"least_squares.starts=1000000000":             "least_squares.starts: is 1000000000; it must be at most 1000",
		"least_squares.starts=-1":                     "least_squares.starts: is -1; it must be at least 1",
		"least_squares.races=10000000000":             "least_squares.races: is 10000000000; 10 are the most",
		"least_squares.racers=10000000000":            "least_squares.racers: is 10000000000; it must be at most",
		"least_squares.survivors=9223372036854775807": "least_squares.survivors: is 9223372036854775807; it must be at most",
		"train.budget=1e300":                          "train.budget: is 1e+300; it must be at least 0 and at most a hundred years",
		"solver.rtol=0":                               "solver.rtol: is 0; it must be between",
	} {
		err := Default().Set(set)
		var e *ConfigError
		if !errors.As(err, &e) || len(e.Problems) != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q and nothing else", set, err, want)
		}
	}
	c := Default()
	c.LeastSquares.Starts, c.LeastSquares.Races = 1000, 10
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "1023000 in all") {
		t.Errorf("%v", err)
	}
	c = Default()
	c.Train.Seed = 1 << 63
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "train.seed: is 9223372036854775808") {
		t.Errorf("a seed that cannot be written: %v", err)
	}
}

// Windows' editors begin a file with a byte-order mark.
func TestConfigWithByteOrderMark(t *testing.T) {
	c := Default()
	if err := c.Merge("c.toml", []byte("\ufeff[solver]\nrtol = 1e-3\n")); err != nil || c.Solver.RTol != 1e-3 {
		t.Errorf("%v, rtol %g", err, c.Solver.RTol)
	}
	if err := c.Merge("c.toml", []byte("\ufeff[solver]\r\nrtol = 7\r\n")); err == nil || !strings.Contains(err.Error(), "c.toml:2: solver.rtol") {
		t.Errorf("%v", err)
	}
}

// What has no meaning is refused, and never taken for something else.
func TestNothingFallsBackSilently(t *testing.T) {
	set := small(t)
	for key, change := range map[string]func(*Config){
		"solver.gradient":  func(c *Config) { c.Solver.Gradient = "adjoint" },
		"optimizer.name":   func(c *Config) { c.Optimizer.Name = "rmsprop" },
		"schedule.kind":    func(c *Config) { c.Schedule.Kind = "linear" },
		"model.y_scale":    func(c *Config) { c.Model.YScale = "auto" }, // left to Resolve, which was not called since
		"model.activation": func(c *Config) { c.Model.Activation = "auto" },
		"loss.kind":        func(c *Config) { c.Loss.Kind = "rmse" },
		"train.recipe":     func(c *Config) { c.Train.Recipe = "second-order" },
	} {
		c := quick(set)
		change(c)
		var e *ConfigError
		if _, err := New(c, set); !errors.As(err, &e) || e.Problems[0].Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := mustNew(t, quick(set), set).GradientDifference(t.Context(), "gauss-adjoint"); err == nil || !strings.Contains(err.Error(), "solver.gradient") {
		t.Errorf("an unknown gradient method: %v", err)
	}
	c := quick(set)
	c.Optimizer.Name = "rmsprop"
	if _, err := newOptimizer(c.Optimizer, 3); err == nil {
		t.Error("an unknown optimiser was made")
	}
	c.Schedule.Kind = "linear"
	if _, err := newSchedule(c); err == nil {
		t.Error("an unknown schedule was made")
	}
}
