package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var families = []string{"collocation", "columns", "denselanes", "elementwise", "lanes", "multistep", "network", "panel", "solve", "sparse", "steps", "tape", "vector"}

// wideFamilies are those that AVX-512 has too.
var wideFamilies = []string{"columns", "elementwise", "inverse", "lanes", "multistep", "network", "panel", "solve", "stage", "sparse", "tape"}

// The committed assembly is what the generator writes.
func TestAssemblyIsGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("building the generator takes seconds")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command here")
	}
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = "gen"
		// Tests ask no network: what the generator needs is there, or the test is skipped.
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
		return cmd.CombinedOutput()
	}
	if _, err := run(tool, "list", "-deps", "."); err != nil {
		t.Skip("the modules of the assembly's generator are not on this machine: go -C internal/kernel/gen mod download fetches them")
	}
	dir := t.TempDir()
	gen := filepath.Join(dir, "gen")
	if out, err := run(tool, "build", "-o", gen, "."); err != nil {
		t.Fatalf("the generator does not build: %v\n%s", err, out)
	}
	compare := func(committed string, args ...string) {
		file := filepath.Join(dir, committed)
		if out, err := run(append([]string{gen}, append(args, "-out", file, "-pkg", "kernel")...)...); err != nil {
			t.Fatalf("%s: %v\n%s", committed, err, out)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(committed)
		if err != nil {
			t.Fatal(err)
		}
		// The first line tells the command, with paths.
		_, got, _ = bytes.Cut(got, []byte("\n"))
		_, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("generated assembly differs from %s: run go generate", committed)
		}
	}
	for _, family := range families {
		compare(family+"_amd64.s", "-family", family)
	}
	for _, family := range wideFamilies {
		compare(family+"_avx512_amd64.s", "-avx512", "-family", family)
	}
}

// The generator takes registers that only AVX-512 has when it runs out of others: the assembly must not use any.
func TestAssemblyKeepsToAVX2(t *testing.T) {
	forbidden := regexp.MustCompile(`\b([XY](1[6-9]|2[0-9]|3[01])|Z[0-9]+|K[0-7])\b`)
	for _, family := range families {
		text, err := os.ReadFile(family + "_amd64.s")
		if err != nil {
			t.Fatal(err)
		}
		if m := forbidden.Find(text); m != nil {
			t.Errorf("%s_amd64.s uses %s", family, m)
		}
	}
}
