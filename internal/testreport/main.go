// Command testreport runs go test and says at the end which tests were skipped and why, which go test keeps to itself:
//
//	go run ./internal/testreport [flags and packages of go test; ./... if there are none]
//
// It prints what go test prints, and ends with its status.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		args = []string{"./..."}
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		err = errors.Join(report(out, os.Stdout), cmd.Wait())
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(max(1, exit.ExitCode()))
	case err != nil:
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

// event is what go test -json writes a line of; see go doc test2json.
type event struct {
	Action, Package, Test, Output, ImportPath string
}

// skipped are the tests that were skipped for one reason.
type skipped struct {
	reason string
	tests  []string
}

// report turns events into what go test prints, with the tests that were skipped at the end.
func report(events io.Reader, w io.Writer) error {
	outputs := map[[2]string][]string{}
	var skips []*skipped
	in := bufio.NewScanner(events)
	in.Buffer(nil, 1<<26)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			fmt.Fprintln(w, in.Text()) // go test lets some lines through as they are
			continue
		}
		test := [2]string{e.Package, e.Test}
		switch e.Action {
		case "output":
			outputs[test] = append(outputs[test], e.Output)
		case "build-output":
			io.WriteString(w, e.Output)
		case "skip":
			if e.Test != "" {
				skips = add(skips, reason(outputs[test]), e.Package+" "+e.Test)
			}
			fallthrough
		case "pass", "fail":
			if e.Test == "" {
				last := outputs[test]
				if e.Action != "fail" && len(last) > 0 {
					last = last[len(last)-1:] // ok, with the time
				}
				io.WriteString(w, strings.Join(last, ""))
			} else if e.Action == "fail" {
				io.WriteString(w, strings.Join(outputs[test], ""))
			}
			delete(outputs, test)
		}
	}
	if len(skips) > 0 {
		fmt.Fprintf(w, "\nskipped, since this machine or this checkout lacks what they need, or since they were not asked for:\n")
	}
	for _, s := range skips {
		fmt.Fprintf(w, "  %s\n", s.reason)
		for _, t := range s.tests {
			fmt.Fprintf(w, "      %s\n", t)
		}
	}
	return in.Err()
}

func add(all []*skipped, reason, test string) []*skipped {
	i := slices.IndexFunc(all, func(s *skipped) bool { return s.reason == reason })
	if i < 0 {
		i, all = len(all), append(all, &skipped{reason: reason})
	}
	all[i].tests = append(all[i].tests, test)
	return all
}

// place is the file and the line that t.Skip was called in.
var place = regexp.MustCompile(`^\s+[^ ]+\.go:\d+: `)

// reason is the text of t.Skip among a test's output.
func reason(output []string) string {
	var lines []string
	for _, o := range output {
		if !strings.HasPrefix(strings.TrimSpace(o), "---") && !strings.HasPrefix(o, "===") {
			lines = append(lines, strings.TrimSpace(place.ReplaceAllString(o, "")))
		}
	}
	if len(lines) == 0 {
		return "no reason given"
	}
	return strings.Join(lines, " ")
}
