package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stiffnode/stiffnode/internal/robustness"
	"github.com/stiffnode/stiffnode/model"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stiffnode": main})
}

// The scripts in testdata run the command as a person does.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			files, err := filepath.Abs("testdata/files")
			env.Setenv("FILES", files)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"json":      jsonCommand,
			"rows":      rowsCommand,
			"refused":   refusedCommand,
			"unwritten": unwrittenCommand,
			"summed":    summedCommand,
		},
	})
}

// refusedCommand runs a command that must end with status 2, bad usage or bad data, without results.
func refusedCommand(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		ts.Fatalf("%v, want exit status %d", err, exitUsage)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("results in spite of the refusal: %s", out)
	}
}

// unwrittenCommand runs the program with standard output on a full device: it must end with a status that is not 0, and say why.
func unwrittenCommand(ts *testscript.TestScript, _ bool, args []string) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	ts.Check(err)
	defer full.Close()
	var talk bytes.Buffer
	c := exec.Command("stiffnode", args...)
	c.Dir, c.Stdout, c.Stderr, c.Env = ts.MkAbs("."), full, &talk, []string{"HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	if err := c.Run(); err == nil || !strings.Contains(talk.String(), "no space left") {
		ts.Fatalf("stiffnode %s: %v: %s", strings.Join(args, " "), err, talk.String())
	}
}

// summedCommand checks that a model names the SHA-256 sum that a file begins with: summed MODEL FILE.
func summedCommand(ts *testscript.TestScript, _ bool, args []string) {
	m, err := model.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	sum, _, _ := strings.Cut(ts.ReadFile(args[1]), " ")
	if !slices.Equal(m.Provenance.SHA256, []string{sum}) {
		ts.Fatalf("the model names %v, want %s", m.Provenance.SHA256, sum)
	}
}

// jsonCommand checks that a file holds one JSON object in which a number, named by its path, lies between two bounds:
// json FILE PATH LO HI.
func jsonCommand(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &v); err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
	for part := range strings.SplitSeq(args[1], ".") {
		m, ok := v.(map[string]any)
		if !ok {
			ts.Fatalf("%s: nothing at %s", args[0], args[1])
		}
		v = m[part]
	}
	x, ok := v.(float64)
	lo, err1 := strconv.ParseFloat(args[2], 64)
	hi, err2 := strconv.ParseFloat(args[3], 64)
	ts.Check(err1)
	ts.Check(err2)
	if !ok || !(x >= lo && x <= hi) {
		ts.Fatalf("%s: %s is %v, want %g to %g", args[0], args[1], v, lo, hi)
	}
}

// rowsCommand checks the number of lines of a CSV file, its header included: rows FILE N.
func rowsCommand(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); got != want {
		ts.Fatalf("%s has %d lines, want %d", args[0], got, want)
	}
}

// program makes commands that run this test binary as the program, as testscript.Main does.
func program(t *testing.T) func(dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "stiffnode")
	if err := os.Symlink(exe, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	return func(dir string, args ...string) *exec.Cmd {
		c := exec.Command(link, args...)
		c.Dir = dir
		return c
	}
}

// A run that is killed again and again, and resumed each time, ends with the same model as one that never was, bit for bit.
func TestKilledRunsResumeExactly(t *testing.T) {
	stiffnode := program(t)
	dir := t.TempDir()
	out, err := stiffnode(dir, "simulate", "Spiral", "--times", "lin:0:3:30", "--out", "d.csv").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	settings := []string{"train", "d.csv", "--no-figures", "--epochs", "1500", "--network", "2x6", "--set", "train.checkpoint=0.005", "--set", "starts.count=2", "--set", "starts.epochs=50", "--set", "steer.fraction=0.2"}
	began := time.Now()
	if out, err := stiffnode(dir, append(settings, "--out", "whole")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took := time.Since(began)
	killed := 0
	// Parts of the time that the whole run took, the smaller the more kills; a machine that is busy elsewhere may need several goes.
	for part := took / 5; killed < 3 && part > took/100; part /= 2 {
		if err := os.RemoveAll(filepath.Join(dir, "killed")); err != nil {
			t.Fatal(err)
		}
		killed = killAndResume(t, stiffnode, dir, append(settings, "--out", "killed"), part)
	}
	if killed < 3 {
		t.Errorf("killed %d times only: the test shows too little", killed)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "whole", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := os.ReadFile(filepath.Join(dir, "killed", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(whole, resumed) {
		t.Errorf("after %d kills the model is another one", killed)
	}
}

// killAndResume runs a training that is killed after a while, first after the time given and then after a little longer each time, and
// resumed until it ends. It returns the number of kills.
func killAndResume(t *testing.T, stiffnode func(string, ...string) *exec.Cmd, dir string, args []string, wait time.Duration) (killed int) {
	t.Helper()
	for ; ; wait += wait / 8 {
		c := stiffnode(dir, args...)
		var talk bytes.Buffer
		c.Stderr = &talk
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(wait, func() { c.Process.Kill() })
		err := c.Wait()
		timer.Stop()
		switch {
		case err == nil:
			return killed
		case c.ProcessState.Exited(): // on its own
			t.Fatalf("%v: %s", err, talk.String())
		}
		killed++
		if _, err := os.Stat(filepath.Join(dir, "killed", "config.toml")); err == nil {
			args = []string{"train", "--no-figures", "--resume", "killed"}
		}
	}
}

// Ctrl-C saves a checkpoint, says how to go on, and ends with status 130.
func TestInterrupt(t *testing.T) {
	stiffnode := program(t)
	dir := t.TempDir()
	if out, err := stiffnode(dir, "simulate", "Spiral", "--times", "lin:0:3:30", "--out", "d.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := stiffnode(dir, "train", "d.csv", "--out", "run", "--epochs", "1000000", "--set", "train.checkpoint=0.01")
	var talk bytes.Buffer
	c.Stderr = &talk
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := os.Stat(filepath.Join(dir, "run", "checkpoint")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.Process.Signal(os.Interrupt)
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit status %d: %s", code, talk.String())
	}
	if !strings.Contains(talk.String(), "stiffnode train --resume run") {
		t.Errorf("it does not say how to go on: %s", talk.String())
	}
	for _, f := range []string{"checkpoint", "model.safetensors", "history.csv", "config.toml"} {
		if _, err := os.Stat(filepath.Join(dir, "run", f)); err != nil {
			t.Error(err)
		}
	}
}

func TestSeedRange(t *testing.T) {
	if s, err := seedRange("3:5"); err != nil || len(s) != 3 || s[0] != 3 || s[2] != 5 {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := seedRange("7"); err != nil || len(s) != 1 || s[0] != 7 {
		t.Errorf("%v, %v", s, err)
	}
	for _, bad := range []string{"", "5:3", "a:b", "1:", "-1:2", "0:99999999"} {
		if s, err := seedRange(bad); err == nil {
			t.Errorf("%q: %v", bad, s)
		}
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	table(&b, [][]string{{"a", "long"}, {"αβγ", "1"}, {"x"}})
	if want := "a    long\nαβγ     1\nx\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// While a run writes to its folder, another that would replace it is refused, and the first ends as if it had been alone.
func TestTwoRunsInOneFolder(t *testing.T) {
	stiffnode := program(t)
	dir := t.TempDir()
	if out, err := stiffnode(dir, "simulate", "Spiral", "--times", "lin:0:3:30", "--out", "d.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	first := stiffnode(dir, "train", "d.csv", "--out", "run", "--epochs", "1000000", "--seed", "1", "--no-figures", "--set", "train.checkpoint=0.01")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := os.Stat(filepath.Join(dir, "run", "checkpoint")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, args := range [][]string{{"train", "d.csv", "--out", "run", "--seed", "2", "--overwrite", "--epochs", "3"}, {"train", "--resume", "run"}} {
		second := stiffnode(dir, args...)
		out, _ := second.CombinedOutput()
		if code := second.ProcessState.ExitCode(); code != exitUsage || !strings.Contains(string(out), "another run is writing to it") {
			t.Errorf("%v: status %d: %s", args, code, out)
		}
	}
	first.Process.Signal(os.Interrupt)
	first.Wait()
	if code := first.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("the first run ends with status %d", code)
	}
	m, err := model.Load(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, "run", "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Provenance.Seed != 1 || !strings.Contains(string(config), "seed = 1\n") {
		t.Errorf("the model is of seed %d; the configuration:\n%s", m.Provenance.Seed, config)
	}
}

func TestLegible(t *testing.T) {
	for in, want := range map[string]string{
		"plain µ\n\tlines":                      "plain µ\n\tlines",
		"a \x1b[31m\u202e\r\x00":                `a \x1b[31m\u202e\r\x00`,
		"x " + strings.Repeat("[", 5000) + " y": "x " + strings.Repeat("[", 300) + "…" + strings.Repeat("[", 99) + " y",
		strings.Repeat("p", 999):                strings.Repeat("p", 999),
	} {
		if got := legible(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A small number of the trials of bench robustness, and what must come of them: nothing but what is right, or refused in words.
func TestRobustness(t *testing.T) {
	stiffnode := program(t)
	o := robustness.Options{Program: stiffnode(".").Path, Seed: 7, Models: 40, Settings: 40, Files: 30, Kills: 3, Say: t.Logf}
	if testing.Short() {
		o.Models, o.Settings, o.Files, o.Kills = 15, 15, 15, 1
	}
	r, err := robustness.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Claims {
		if !c.Agrees {
			t.Error(c.Text)
		}
	}
}
