package bench

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The programs that compute a gradient by a Python library, and the versions of the libraries.
//
//go:embed python/*.py python/requirements.txt
var pythonFiles embed.FS

// PythonPeers are the libraries compared with.
var PythonPeers = []string{"diffrax", "torchdiffeq"}

// A PeerMissingError says that Python or a library is not there, and how to get it.
type PeerMissingError struct {
	Python, Peer string
	Reason       string
}

func (e *PeerMissingError) Error() string {
	return fmt.Sprintf("%s cannot be used by %s: %s; install it where nothing else depends on it, python3 -m venv peers && peers/bin/pip install %s, and say --python peers/bin/python, or leave it out with --peers",
		e.Peer, e.Python, e.Reason, strings.Join(pythonRequirements(), " "))
}

// pythonRequirements are the pinned versions.
func pythonRequirements() []string {
	text, _ := pythonFiles.ReadFile("python/requirements.txt")
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// A peerLine is one line that a peer prints: a setting and what came of it.
type peerLine struct {
	Peer        string            `json:"peer"`
	Versions    map[string]string `json:"versions,omitempty"`
	Problem     string            `json:"prob,omitempty"`
	Combination string            `json:"combination,omitempty"`
	RTol        float64           `json:"rtol,omitempty"`
	Factor      float64           `json:"atol_factor,omitempty"`
	Fail        string            `json:"fail,omitempty"`
	Error       *float64          `json:"grad_relL2_frozen,omitempty"`
	First       float64           `json:"first_s,omitempty"` // processor seconds of the first gradient of this combination, compilation included
	Milli       float64           `json:"ms_cpu_med,omitempty"`
	Milli10     float64           `json:"ms_cpu_p10,omitempty"`
	Milli90     float64           `json:"ms_cpu_p90,omitempty"`
	Repeats     int               `json:"repeats,omitempty"`
}

// reached is the error of the gradient, infinite where there is none.
func (l *peerLine) reached() float64 {
	if l.Fail != "" || l.Error == nil {
		return math.Inf(1)
	}
	return *l.Error
}

func (l *peerLine) setting() string {
	return fmt.Sprintf("%s, rtol %.2g, atol %.0e·rtol", l.Combination, l.RTol, l.Factor)
}

// parsePeerLines reads what a peer prints, an object a line, and passes on every line once it is there; libraries may print other lines between.
func parsePeerLines(r io.Reader, each func(*peerLine)) ([]peerLine, error) {
	var out []peerLine
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		text := strings.TrimSpace(s.Text())
		if !strings.HasPrefix(text, "{") {
			continue
		}
		var l peerLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			return out, fmt.Errorf("output of a peer, line %d: %w", n, err)
		}
		if each != nil {
			each(&l)
		}
		out = append(out, l)
	}
	return out, s.Err()
}

// matching are the lines that are accepted.
func matching(lines []peerLine, accept func(*peerLine) bool) []peerLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l peerLine) bool { return !accept(&l) })
}

// cheapestLine is the fastest of the settings that reach the target and were repeated as often as asked, or nil.
func cheapestLine(lines []peerLine, target float64, repeats int) *peerLine {
	var best *peerLine
	for i := range lines {
		l := &lines[i]
		if l.Repeats >= repeats && l.reached() <= target && (best == nil || l.Milli < best.Milli) {
			best = l
		}
	}
	return best
}

// soonestLine is the setting that reaches the target soonest after a program has started, compilation included, or nil.
func soonestLine(lines []peerLine, target float64) *peerLine {
	var best *peerLine
	sum := func(l *peerLine) float64 { return l.First + 1e-3*l.Milli }
	for i := range lines {
		if l := &lines[i]; l.reached() <= target && (best == nil || sum(l) < sum(best)) {
			best = l
		}
	}
	return best
}

// pythonPeer runs the programs of the peers, which lie in a folder.
type pythonPeer struct {
	python, folder string
}

// unpack writes the programs into a folder.
func (p *pythonPeer) unpack() error {
	entries, err := fs.ReadDir(pythonFiles, "python")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := pythonFiles.ReadFile("python/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(p.folder, e.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (p *pythonPeer) command(ctx context.Context, peer string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, p.python, append([]string{filepath.Join(p.folder, peer+"_peer.py")}, args...)...)
}

// versions are those of the libraries, or a PeerMissingError.
func (p *pythonPeer) versions(ctx context.Context, peer string) (map[string]string, error) {
	out, err := p.command(ctx, peer, "versions").Output()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		reason := err.Error()
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			reason = lastLine(string(exit.Stderr))
		}
		return nil, &PeerMissingError{Python: p.python, Peer: peer, Reason: reason}
	}
	lines, err := parsePeerLines(strings.NewReader(string(out)), nil)
	if err != nil || len(lines) == 0 {
		return nil, &PeerMissingError{Python: p.python, Peer: peer, Reason: "it does not say which version it is"}
	}
	return lines[0].Versions, nil
}

// sweep has a peer try its settings, and says which solver and adjoint are at work and what was measured. What a peer printed before it broke is returned with
// the error.
func (p *pythonPeer) sweep(ctx context.Context, peer, problem string, targets []float64, during time.Duration, say func(format string, args ...any)) ([]peerLine, error) {
	args := []string{"sweep", problem, "--during", fmt.Sprint(during.Seconds())}
	for _, t := range targets {
		args = append(args, "--target", fmt.Sprint(t))
	}
	cmd := p.command(ctx, peer, args...)
	var talk strings.Builder
	cmd.Stderr = &talk
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	last := ""
	lines, err := parsePeerLines(pipe, func(l *peerLine) {
		switch {
		case l.Repeats >= leastRepeats:
			say("%s, %s: error %s in %.3g ms", peer, l.setting(), sci(l.reached()), l.Milli)
		case l.Combination != last:
			last = l.Combination
			say("%s, trying %s", peer, last)
		}
	})
	_, drainErr := io.Copy(io.Discard, pipe)
	if err := errors.Join(cmd.Wait(), err, drainErr); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return lines, fmt.Errorf("%s broke: %w: %s", peer, err, lastLine(talk.String()))
	}
	return lines, nil
}

// once is the command for one gradient with the setting of a line.
func (p *pythonPeer) once(ctx context.Context, l *peerLine, problem string) *exec.Cmd {
	return p.command(ctx, l.Peer, "once", problem, l.Combination, fmt.Sprint(l.RTol), fmt.Sprint(l.Factor))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// launches are the times of a program from the start of its process to its first line of output: median, least and most seconds, and the median of all its
// processor seconds.
type launches struct {
	median, least, most, processor float64
	error                          float64
	runs                           int
}

// launch starts a program several times, one after another.
func launch(ctx context.Context, runs int, command func() *exec.Cmd) (launches, error) {
	var wall, processor []float64
	l := launches{runs: runs}
	for range runs {
		cmd := command()
		var talk strings.Builder
		cmd.Stderr = &talk
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			return l, err
		}
		start := time.Now()
		if err := cmd.Start(); err != nil {
			return l, err
		}
		reader := bufio.NewReader(pipe)
		text, readErr := reader.ReadString('\n')
		wall = append(wall, time.Since(start).Seconds())
		_, drainErr := io.Copy(io.Discard, reader)
		if err := errors.Join(cmd.Wait(), readErr, drainErr); err != nil {
			if ctx.Err() != nil {
				return l, context.Cause(ctx)
			}
			return l, fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, lastLine(talk.String()))
		}
		processor = append(processor, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		lines, err := parsePeerLines(strings.NewReader(text), nil)
		if err != nil || len(lines) != 1 {
			return l, fmt.Errorf("%s printed %q, not a gradient", filepath.Base(cmd.Path), strings.TrimSpace(text))
		}
		l.error = lines[0].reached()
	}
	slices.Sort(wall)
	slices.Sort(processor)
	l.median, l.least, l.most, l.processor = wall[runs/2], wall[0], wall[runs-1], processor[runs/2]
	return l, nil
}

// String gives seconds, with the spread in brackets.
func (l launches) String() string {
	return fmt.Sprintf("%.3g [%.3g–%.3g]", l.median, l.least, l.most)
}
