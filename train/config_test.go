package train

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
	c.Data = DataConfig{Files: []string{`a "quoted" \ name.csv`, "b\tc.csv"}, Time: "Zeit", States: []string{"y [1]"}}
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
