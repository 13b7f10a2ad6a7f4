package robustness

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/train"
)

// key is a key of the configuration, with the value that a run has written.
type key struct{ section, name, value string }

// keys are all that the configuration of a run has.
func keys(config string) []key {
	var out []key
	section := ""
	for line := range strings.SplitSeq(config, "\n") {
		line = strings.TrimSpace(line)
		if s, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(s, "]")
		} else if name, value, ok := strings.Cut(line, " = "); ok && section != "" {
			value, _, _ = strings.Cut(value, " # ")
			out = append(out, key{section, name, strings.TrimSpace(value)})
		}
	}
	return out
}

// kind is the type of a value as it is written.
func (k key) kind() string {
	switch v := k.value; {
	case strings.HasPrefix(v, `"`):
		return "text"
	case strings.HasPrefix(v, "["):
		return "list"
	case v == "true" || v == "false":
		return "switch"
	}
	return "number"
}

// badValue is a value that the key cannot have, for sure or perhaps.
func badValue(rng *rand.Rand, k key) (value string, impossible bool) {
	wrongType := map[string][]string{
		"text": {"1", "true", "[]", "1.5", "{}", "1979-05-27"}, "list": {"1979-05-27", `"a"`, "true", "[[1]]", "{a=1}"}, "switch": {"1", `"yes"`, "[]", "0.0"}, "number": {`"1"`, "true", "[1]", `""`, "{}", "07:32:00"},
	}[k.kind()]
	switch rng.IntN(4) {
	case 0:
		return wrongType[rng.IntN(len(wrongType))], true
	case 1:
		return []string{"", "=", "[", "1 2", `"`, "nan nan", "0x", "1__0", "'", `"\q"`, "@"}[rng.IntN(11)], true // not TOML
	}
	switch k.kind() {
	case "text":
		unknown := []string{`"nonsense"`, `"rosenbrok23"`, `"\u0000"`, `"` + strings.Repeat("x", 5000) + `"`, `"\u001b[31m"`, `" "`}
		return unknown[rng.IntN(len(unknown))], true
	case "list":
		odd := []string{"[-1]", "[0]", "[1e308]", "[nan]", "[inf]", `["nonsense"]`, `["", ""]`, "[1000000000]", "[" + strings.Repeat("1,", 4000) + "1]", "[1, -1]", "[5e-324]"}
		return odd[rng.IntN(len(odd))], false
	case "switch":
		return []string{"false", "true"}[rng.IntN(2)], false
	}
	odd := []string{"-1", "0", "1e308", "-1e308", "5e-324", "nan", "inf", "-inf", "9223372036854775806", "-9223372036854775806", "99999999999999999999", "1.5", "-0.0", "1e-300", "1000000000", "0.999999", "2"}
	v := odd[rng.IntN(len(odd))]
	return v, slices.Contains([]string{"nan", "inf", "-inf", "99999999999999999999", "-1e308"}, v)
}

// badSetting writes a configuration, or a command line, that makes no sense.
func (l *lab) badSetting(rng *rand.Rand) trial {
	if rng.IntN(3) == 0 {
		return l.badFlags(rng)
	}
	seed := rng.Uint64()
	return func(ctx context.Context, dir string) (Outcome, string) {
		rng := rand.New(rand.NewPCG(seed, 1))
		text, err := os.ReadFile(filepath.Join(l.dir, "plain", train.ConfigName))
		if err != nil {
			return Wrong, err.Error()
		}
		out, impossible := damageConfig(rng, keys(string(text)))
		if err := os.WriteFile(filepath.Join(dir, "bad.toml"), []byte(out), 0o644); err != nil {
			return Wrong, err.Error()
		}
		args := []string{"train", "--config", "bad.toml", "--out", "run", "--no-figures", "--json"}
		if !strings.Contains(out, "budget") {
			args = append(args, "--budget", "2s")
		}
		return judgeTraining(l.execute(ctx, dir, args...), impossible)
	}
}

// damageConfig writes a short configuration with one to three faults.
func damageConfig(rng *rand.Rand, all []key) (text string, impossible bool) {
	values := map[string]string{"data.files": `["../plain.csv"]`, "train.epochs": "5"}
	var more []string
	never := map[string]bool{} // keys whose value is impossible
	for range 1 + rng.IntN(3) {
		k := all[rng.IntN(len(all))]
		if k.section == "data" && k.name == "files" { // these are the business of odd files
			continue
		}
		switch rng.IntN(10) {
		case 0:
			more = append(more, "["+k.section+"x]", k.name+" = "+k.value)
			impossible = true
		case 1:
			values[k.section+"."+k.name+"s"] = k.value
			impossible = true
		case 2:
			more = append(more, "["+k.section+"]", k.name+" = "+k.value) // a section may stand in a file once
			impossible = impossible || strings.HasPrefix(strings.Join(slices.Sorted(mapKeys(values)), " "), k.section+".")
		default:
			name := k.section + "." + k.name
			values[name], never[name] = badValue(rng, k)
		}
	}
	for _, n := range never {
		impossible = impossible || n
	}
	section := ""
	var b strings.Builder
	for _, k := range slices.Sorted(mapKeys(values)) {
		s, name, _ := strings.Cut(k, ".")
		if s != section {
			section = s
			fmt.Fprintf(&b, "[%s]\n", s)
		}
		fmt.Fprintf(&b, "%s = %s\n", name, values[k])
	}
	b.WriteString(strings.Join(more, "\n") + "\n")
	if rng.IntN(10) == 0 {
		return "\xef\xbb\xbf" + b.String(), impossible
	}
	return b.String(), impossible
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// judgeTraining holds a run that was accepted to having a finite mae and a model.
func judgeTraining(r run, impossible bool) (Outcome, string) {
	right := func() error {
		if r.status != 0 {
			return nil
		}
		_, err := r.score()
		return err
	}
	if impossible {
		right = nil
	}
	if r.status == 1 && strings.HasPrefix(strings.TrimSpace(r.out), "{") && json.Valid([]byte(r.out)) && !impossible {
		r.status = 0 // a verdict on a model that has not learned is a result
		right = nil
		if _, err := r.score(); err == nil || strings.Contains(r.out, "verdict") {
			return Right, ""
		}
	}
	return r.judge(right)
}

// badFlags are command lines that make no sense, or hardly any.
func (l *lab) badFlags(rng *rand.Rand) trial {
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	number := func() string {
		return pick("-1", "0", "nan", "inf", "-inf", "1e308", "-1e308", "5e-324", "1e999", "x", "", "1,5", "9223372036854775808", "1e-300", "0x10", "１")
	}
	times := func() string {
		return pick("log:0:1:5", "log:-1:1:5", "log:1:1:5", "lin:0:1:1", "lin:0:1:0", "lin:0:1:-5", "lin:0:1:1000000000", "lin:0:nan:5", "lin:1:0:5", "1,0", "0,0", "nan", "", ",", "0,1,", "log:1e-400:1:5",
			"lin:0:1e308:5", "lin:-1e308:1e308:3", "0;1", "log:1:2", "lin", "1e400", "0,"+number(), "log:"+number()+":1:5", "lin:0:1:"+number())
	}
	states := func() string {
		return pick("A=1", "A=1,B=0,C=2", "A=1,B=x", "A=1,A=2,B=0", "A=,B=0", "=1,B=0", "1,0", "A=1;B=0", "A=nan,B=0", "A=inf,B=0", "a=1,b=0", "nothing.csv", "A=1e308,B=-1e308", "A=1,B="+number())
	}
	model := filepath.Join("..", "plain")
	var args []string
	switch rng.IntN(6) {
	case 0:
		args = []string{"predict", model, "--y0", states(), "--times", pick("0,1", times())}
	case 1:
		args = []string{"predict", model, "--y0", "A=1,B=0", "--times", times(), pick("--rtol", "--atol", "--t0", "--method"), number()}
	case 2:
		args = []string{"simulate", pick("ROBER", "rober", "nonsense", "", "POLLU"), pick("--times", "--y0", "--param"), pick(times(), "k1="+number(), "y1="+number(), number()), pick("--noise", "--missing", "--spread", "--trajectories", "--seed", "--rtol"), number()}
	case 3:
		args = []string{"train", "../plain.csv", "--out", "run", "--no-figures", "--budget", pick("1s", "1s", "1s", number(), "-1s", "0s", "1e9h"), pick("--epochs", "--seed", "--network", "--constraints", "--non-negative", "--states", "--ignore", "--time"),
			pick(number(), "0x3", "3x", "x3", "3x1000000000", "1000000000x3", "3x10x2", "-1x5", "A+", "A+B=7", "2*", "A-", "nonsense", "t", "A,A", "A,,B", "*", strings.Repeat("A+", 3000)+"B"), "--json"}
	case 4:
		args = []string{pick("evaluate", "gradients", "laws"), pick(model, "nothing", "../plain.csv", "/", ""), pick("../plain.csv", model, "nothing.csv", "/dev/null", ".", ""), pick("--json", "--states", "--time", "--ignore", "--nonsense"), pick("A", "nonsense", "", "t")}
	case 5:
		args = []string{pick("trian", "train", "predict", "evaluate", "simulate", "laws", "methods", "problems", "gradients", "bench"), pick("--nonsense", "--out", "--set", "-x", "--set=solver.rtol", "--set=.", "--set==", "--config", "--resume"), pick("", "x", "solver.rtol="+number(), "/dev/null", "train.epochs=5", "..")}
	}
	return func(ctx context.Context, dir string) (Outcome, string) {
		r := l.execute(ctx, dir, args...)
		if args[0] == "train" {
			return judgeTraining(r, false)
		}
		right := func() error {
			if args[0] == "predict" || args[0] == "simulate" {
				return r.finiteCSV()
			}
			return nil
		}
		if args[0] == "laws" || args[0] == "evaluate" || args[0] == "gradients" || args[0] == "methods" || args[0] == "problems" {
			right = func() error { return nil }
		}
		return r.judge(right)
	}
}
