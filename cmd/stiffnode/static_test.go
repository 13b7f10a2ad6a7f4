package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README calls the binary static: with the tags of its build command no package calls C.
func TestBinaryIsStatic(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command here")
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	build := regexp.MustCompile("(?s)<!-- ci:build -->\n```sh\ngo build -tags ([a-z,]+) ./cmd/stiffnode\n```").FindSubmatch(readme)
	if build == nil {
		t.Fatal("README.md has no build command with tags")
	}
	c := exec.Command(tool, "list", "-deps", "-tags", string(build[1]), "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "GOPROXY=off")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	if cgo := strings.Fields(string(out)); len(cgo) > 0 {
		t.Errorf("with the tags %s, C is called by %v", build[1], cgo)
	}
}
