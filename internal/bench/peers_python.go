package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/ode"
)

// pythonFloor is how many times as fast as a peer a gradient must be, and how many times as soon after the start of the process.
const pythonFloor = 10

// ownStarts is the number of times that this program is started: it takes milliseconds.
const ownStarts = 20

// PythonNetworks are the networks of the comparison with Python's libraries.
var PythonNetworks = []string{"rober", "pollu"}

// PythonOptions say what is compared.
type PythonOptions struct {
	// Python is the interpreter, References the folder of the published networks, Self the binary of this program.
	Python, References, Self string
	// Peers are some of PythonPeers, Networks some of PythonNetworks.
	Peers, Networks []string
	// Targets are the errors of the gradient at which times are compared.
	Targets []float64
	// Starts is how often a peer is started, each time until its first gradient; 0 leaves that part out.
	Starts int
	// During is how long each of the settings quoted is repeated, 20 times at least.
	During time.Duration
	// Say reports progress.
	Say func(format string, args ...any)
}

// A pythonQuote is a choice among the settings of a peer that is quoted and held to the floor.
type pythonQuote struct {
	peer, label string
	accept      func(*peerLine) bool
}

// pythonQuotes are diffrax as one would use it on a stiff problem, and each peer at its very best, whatever its solver.
var pythonQuotes = []pythonQuote{
	{"diffrax", "diffrax, Kvaerno5, default adjoint", func(l *peerLine) bool { return l.Combination == "Kvaerno5:default" }},
	{"diffrax", "diffrax, cheapest", func(*peerLine) bool { return true }},
	{"torchdiffeq", "torchdiffeq, cheapest", func(*peerLine) bool { return true }},
}

// Python compares the gradient of Eq. 14, residual signs fixed, with that of Python's libraries at equal error: after compilation, and from the start of the
// process. Both sides have their cheapest setting, explicit solvers included, and one core.
func Python(ctx context.Context, o PythonOptions) (*Report, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	folder, err := os.MkdirTemp("", "stiffnode-python-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	py := &pythonPeer{python: o.Python, folder: folder}
	if err := py.unpack(); err != nil {
		return nil, err
	}
	title := "Gradient of Eq. 14, residual signs fixed, against Python's libraries at equal error, one core:"
	for _, peer := range o.Peers {
		found, err := py.versions(ctx, peer)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if word := " " + name + " " + found[name]; !strings.Contains(title, word) {
				title += word
			}
		}
	}
	r := &Report{Title: title}
	for _, name := range o.Networks {
		n, err := loadNetwork(o.References, name)
		if err != nil {
			return nil, err
		}
		file := filepath.Join(folder, name+".json")
		text, err := json.Marshal(n.export())
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return nil, err
		}
		if err := o.network(ctx, r, py, n, file); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// network compares on one network.
func (o *PythonOptions) network(ctx context.Context, r *Report, py *pythonPeer, n *publishedNetwork, file string) error {
	o.Say("%s: running stiffnode", n.name)
	work := n.gradientWork()
	settings, err := work.search(ctx, append(peerSolvers(false), ode.Tsit5, ode.DOP853), o.Targets)
	if err != nil {
		return err
	}
	var lines []peerLine
	for _, peer := range o.Peers {
		o.Say("%s: running %s, which takes minutes", n.name, peer)
		found, err := py.sweep(ctx, peer, file, o.Targets, o.During, func(format string, args ...any) { o.Say(n.name+": "+format, args...) })
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			// what the others give is worth having
			r.claim(false, "%s: %v", n.name, err)
		}
		lines = append(lines, found...)
	}
	if err := o.compare(ctx, r, n, &work, settings, lines); err != nil {
		return err
	}
	r.Tables = append(r.Tables, o.combinations(n, lines))
	if o.Starts == 0 {
		return nil
	}
	o.Say("%s: starting every program until its first gradient", n.name)
	return o.starts(ctx, r, py, n, file, settings, lines)
}

// compare adds the table of times after compilation.
func (o *PythonOptions) compare(ctx context.Context, r *Report, n *publishedNetwork, work *workload, settings []setting, lines []peerLine) error {
	t := Table{Title: n.name + ": after compilation; milliseconds of processor time, median [p10–p90] of 20 repeats at least",
		Rows: [][]string{{"error ≤", "peer", "setting", "error", "ms", "stiffnode", "error", "ms", "times as fast", "floor"}}}
	for _, target := range o.Targets {
		best, took, err := work.fastest(ctx, settings, target, anyMethod, o.During)
		if err != nil {
			return err
		}
		if best == nil {
			r.claim(false, "%s: no setting of ours reaches error %s", n.name, sci(target))
			continue
		}
		for _, q := range pythonQuotes {
			if !slices.Contains(o.Peers, q.peer) {
				continue
			}
			row := []string{sci(target), q.label, "reached by no setting", "", "", best.String(), sci(best.error), took.String(), "", fmt.Sprint(pythonFloor)}
			if l := cheapestLine(matching(lines, func(l *peerLine) bool { return l.Peer == q.peer && q.accept(l) }), target, leastRepeats); l != nil {
				ratio := 1e-3 * l.Milli / took.median
				row[2], row[3], row[4], row[8] = l.setting(), sci(l.reached()), fmt.Sprintf("%.3g [%.3g–%.3g]", l.Milli, l.Milli10, l.Milli90), fmt.Sprintf("%.1f", ratio)
				r.claim(ratio >= pythonFloor, "%s at error %s: %.1f times as fast as %s after compilation, floor %d", n.name, sci(target), ratio, q.label, pythonFloor)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// combinations is what every solver and adjoint of the peers came to: how far it reaches, at what time, and why it failed where it did.
func (o *PythonOptions) combinations(n *publishedNetwork, lines []peerLine) Table {
	header := []string{"peer", "solver and adjoint", "settings", "failed", "least error"}
	for _, target := range o.Targets {
		header = append(header, "ms at "+sci(target))
	}
	t := Table{Title: n.name + ": every combination of the peers", Rows: [][]string{append(header, "first gradient [s of processor]", "why it failed")}}
	type key struct{ peer, combination string }
	groups := map[key][]peerLine{}
	var order []key
	for _, l := range lines {
		k := key{l.Peer, l.Combination}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], l)
	}
	for _, k := range order {
		tried, failed, least, first, reason := 0, 0, math.Inf(1), 0.0, ""
		for _, l := range groups[k] {
			switch {
			case l.Fail != "":
				tried, failed, reason = tried+1, failed+1, l.Fail
			case l.Repeats < leastRepeats:
				tried++
			}
			least, first = min(least, l.reached()), max(first, l.First)
		}
		row := []string{k.peer, k.combination, fmt.Sprint(tried), fmt.Sprint(failed), sci(least)}
		for _, target := range o.Targets {
			cell := "–"
			if l := cheapestLine(groups[k], target, leastRepeats); l != nil {
				cell = fmt.Sprintf("%.3g", l.Milli)
			} else if l := cheapestLine(groups[k], target, 1); l != nil {
				cell = fmt.Sprintf("about %.3g", l.Milli)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, append(row, fmt.Sprintf("%.3g", first), reason))
	}
	return t
}

// starts adds the table of times from the start of the process, at the loosest target.
func (o *PythonOptions) starts(ctx context.Context, r *Report, py *pythonPeer, n *publishedNetwork, file string, settings []setting, lines []peerLine) error {
	target := slices.Max(o.Targets)
	t := Table{Title: fmt.Sprintf("%s: from the start of the process to the first gradient of error ≤ %s; seconds, median [least–most]", n.name, sci(target)),
		Rows: [][]string{{"program", "setting", "error", "starts", "s", "s of processor", "times as long", "floor"}}}
	ours := quickest(settings, target)
	if ours == nil {
		return nil // said already
	}
	factor := ours.opt.ATol[0] / (ours.opt.RTol * n.scale[0])
	own, err := launch(ctx, ownStarts, func() *exec.Cmd {
		cmd := exec.CommandContext(ctx, o.Self, "bench", "first", file, "--method", ours.opt.Method.Info().Name, "--rtol", fmt.Sprint(ours.opt.RTol), "--factor", fmt.Sprint(factor))
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		return cmd
	})
	if err != nil {
		return err
	}
	t.Rows = append(t.Rows, []string{"stiffnode", ours.String(), sci(own.error), fmt.Sprint(own.runs), own.String(), fmt.Sprintf("%.3g", own.processor), "1", ""})
	for _, peer := range o.Peers {
		l := soonestLine(matching(lines, func(l *peerLine) bool { return l.Peer == peer }), target)
		if l == nil {
			t.Rows = append(t.Rows, []string{peer, "reached by no setting"})
			continue
		}
		variants := []struct {
			label string
			env   []string
		}{{label: peer}}
		if peer == "diffrax" {
			// JAX can keep compiled code on disk: then only the first start compiles, though every start traces
			cache := filepath.Join(py.folder, "compiled")
			env := []string{"JAX_COMPILATION_CACHE_DIR=" + cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0"}
			variants = append(variants, struct {
				label string
				env   []string
			}{peer + ", compiled by an earlier process", env})
		}
		for _, v := range variants {
			command := func() *exec.Cmd {
				cmd := py.once(ctx, l, file)
				cmd.Env = append(os.Environ(), v.env...)
				return cmd
			}
			if v.env != nil {
				if _, err := launch(ctx, 1, command); err != nil {
					return err
				}
			}
			took, err := launch(ctx, o.Starts, command)
			if err != nil {
				return err
			}
			ratio := took.median / own.median
			t.Rows = append(t.Rows, []string{v.label, l.setting(), sci(took.error), fmt.Sprint(took.runs), took.String(), fmt.Sprintf("%.3g", took.processor), fmt.Sprintf("%.0f", ratio), fmt.Sprint(pythonFloor)})
			r.claim(ratio >= pythonFloor, "%s: first gradient %.0f times as soon after the start of the process as by %s, floor %d", n.name, ratio, v.label, pythonFloor)
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// quickest is the setting that looked cheapest among those that reach the target, or nil.
func quickest(settings []setting, target float64) *setting {
	var best *setting
	for i := range settings {
		if s := &settings[i]; s.error <= target && (best == nil || s.quick < best.quick) {
			best = s
		}
	}
	return best
}
