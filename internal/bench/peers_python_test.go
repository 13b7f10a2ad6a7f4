package bench

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// smallNetwork is a random network with layers of different widths, so that a transposed or misplaced matrix cannot go unseen.
func smallNetwork(t *testing.T) *publishedNetwork {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	const k, n = 2, 3
	net := &publishedNetwork{name: "small", scale: []float64{2, 1e-3}, hidden: []int{3, 4}, tScale: 5}
	net.y0, net.t0, net.t1, net.times = []float64{1, 1e-3}, 0, 4, []float64{1, 2, 4}
	for range (k+1)*3 + (3+1)*4 + (4+1)*k {
		net.params = append(net.params, rng.NormFloat64())
		net.exact = append(net.exact, rng.NormFloat64())
	}
	for o := range n {
		for i := range k {
			net.values = append(net.values, rng.Float64()*net.scale[i])
			sign := float64((o+i)%3 - 1) // a residual of zero has no sign
			net.weights = append(net.weights, sign/(net.scale[i]*k*n))
		}
	}
	cfg := model.ScaledConfig{Hidden: net.hidden, Activation: nn.GELU, Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0), YScale: net.scale, TScale: net.tScale,
		States: []model.State{{Name: "a", Role: model.Learned}, {Name: "b", Role: model.Learned}}}
	s, err := model.NewScaled(cfg)
	if err != nil {
		t.Fatal(err)
	}
	net.problem = s.Problem()
	return net
}

// The right-hand side that is exported, evaluated from its formula, must be the one that is solved here.
func TestExportedRightHandSide(t *testing.T) {
	net := smallNetwork(t)
	p := net.export()
	y := []float64{0.7, 2e-3}
	h := y
	for i, l := range p.Layers {
		out := make([]float64, len(l.Bias))
		for r, row := range l.Weight {
			out[r] = l.Bias[r]
			for c, w := range row {
				out[r] += w * h[c]
			}
			if x := out[r]; i < len(p.Layers)-1 {
				out[r] = x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
			}
		}
		h = out
	}
	f := net.problem.New()
	f.(ode.ParamField).Bind(net.params)
	got := make([]float64, len(y))
	if err := f.Eval(got, 0, y); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		want := h[i] * p.YScale[i] / p.TScale
		if math.Abs(v-want) > 1e-13*math.Abs(want) {
			t.Errorf("component %d: %g, the exported formula gives %g", i, v, want)
		}
	}
}

// What is written and read again is the same problem: the gradients of both have the same bits.
func TestExportRoundTrip(t *testing.T) {
	net := smallNetwork(t)
	text, err := json.Marshal(net.export())
	if err != nil {
		t.Fatal(err)
	}
	var p peerProblem
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	again, err := p.network()
	if err != nil {
		t.Fatal(err)
	}
	var errs [2]float64
	for i, n := range []*publishedNetwork{net, again} {
		w := n.gradientWork()
		compute, wrong, err := w.make(ode.Options{Method: ode.Radau, RTol: 1e-6, ATol: w.atols[0](1e-6)})
		if err != nil {
			t.Fatal(err)
		}
		if err := compute(); err != nil {
			t.Fatal(err)
		}
		errs[i] = wrong()
	}
	if errs[0] != errs[1] || !(errs[0] > 0) {
		t.Errorf("distances from the exact gradient %v: the problem read is not the one written", errs)
	}

	// one gradient, as a process started for it computes it
	path := filepath.Join(t.TempDir(), "small.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := FirstGradient(t.Context(), &out, path, "Radau", 1e-6, 1e-3); err != nil {
		t.Fatal(err)
	}
	lines, err := parsePeerLines(&out, nil)
	if err != nil || len(lines) != 1 {
		t.Fatalf("%v, %v", lines, err)
	}
	if got := lines[0].reached(); math.Abs(got-errs[0]) > 1e-12*errs[0] {
		t.Errorf("the first gradient of a process is %g from the exact one, here it is %g", got, errs[0])
	}
}

// A problem that does not fit together is refused.
func TestProblemRefused(t *testing.T) {
	for name, spoil := range map[string]func(*peerProblem){
		"initial":  func(p *peerProblem) { p.Y0 = p.Y0[:1] },
		"scales":   func(p *peerProblem) { p.YScale = nil },
		"times":    func(p *peerProblem) { p.Times = p.Times[:2] },
		"signs":    func(p *peerProblem) { p.Signs[1] = nil },
		"data":     func(p *peerProblem) { p.Data[1] = nil },
		"layers":   func(p *peerProblem) { p.Layers = nil },
		"row":      func(p *peerProblem) { p.Layers[1].Weight[0] = nil },
		"bias":     func(p *peerProblem) { p.Layers[0].Bias = nil },
		"outputs":  func(p *peerProblem) { p.Layers = p.Layers[:2] },
		"gradient": func(p *peerProblem) { p.Gradient = p.Gradient[1:] },
	} {
		p := smallNetwork(t).export()
		spoil(p)
		if _, err := p.network(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

const peerOutput = `WARNING: a library says something
{"peer": "diffrax", "prob": "rober", "combination": "Kvaerno5:default", "rtol": 0.001, "atol_factor": 1.0, "fail": "RuntimeError: The maximum number of steps was reached"}
{"peer": "diffrax", "prob": "rober", "combination": "Kvaerno5:default", "rtol": 0.001, "atol_factor": 1.0, "grad_relL2_frozen": 0.004, "first_s": 20, "ms_cpu_med": 1, "repeats": 1}
{"peer": "diffrax", "prob": "rober", "combination": "Kvaerno5:default", "rtol": 0.0001, "atol_factor": 1.0, "grad_relL2_frozen": null, "ms_cpu_med": 1, "repeats": 20}
{"peer": "diffrax", "prob": "rober", "combination": "Kvaerno5:default", "rtol": 0.0001, "atol_factor": 1.0, "grad_relL2_frozen": 0.5, "first_s": 20, "ms_cpu_med": 2, "repeats": 20}
{"peer": "diffrax", "prob": "rober", "combination": "Kvaerno5:default", "rtol": 1e-05, "atol_factor": 1.0, "grad_relL2_frozen": 0.004, "first_s": 20, "ms_cpu_med": 9, "repeats": 20}
{"peer": "diffrax", "prob": "rober", "combination": "Tsit5:default", "rtol": 1e-06, "atol_factor": 0.001, "grad_relL2_frozen": 0.001, "first_s": 3, "ms_cpu_med": 11, "ms_cpu_p10": 10, "ms_cpu_p90": 12, "repeats": 24}
`

// A setting that failed, has no error, is too wrong or was run once must not be quoted, however fast it was; what comes soonest after a start counts
// the compilation.
func TestPeerLines(t *testing.T) {
	lines, err := parsePeerLines(strings.NewReader(peerOutput), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 6 {
		t.Fatalf("%d lines, want 6", len(lines))
	}
	if l := cheapestLine(lines, 1e-2, leastRepeats); l == nil || l.Milli != 9 || l.RTol != 1e-5 {
		t.Errorf("cheapest is %+v, want the one of 9 ms", l)
	}
	if l := cheapestLine(lines, 2e-3, leastRepeats); l == nil || l.Combination != "Tsit5:default" {
		t.Errorf("cheapest at 2e-3 is %+v, want Tsit5's", l)
	}
	if l := cheapestLine(matching(lines, func(l *peerLine) bool { return l.Combination == "Kvaerno5:default" }), 2e-3, leastRepeats); l != nil {
		t.Errorf("got %+v for an error that Kvaerno5 does not reach", l)
	}
	if l := cheapestLine(lines, 1e-2, 1); l == nil || l.Milli != 1 || l.RTol != 1e-3 {
		t.Errorf("cheapest of those run once is %+v, want the one of 1 ms", l)
	}
	if l := soonestLine(lines, 1e-2); l == nil || l.Combination != "Tsit5:default" {
		t.Errorf("soonest is %+v, want Tsit5's, which compiles sooner", l)
	}
	o := PythonOptions{Targets: []float64{1e-2}}
	table := o.combinations(&publishedNetwork{name: "rober"}, lines)
	// what is repeated for its time was tried before: it counts once
	if row := table.Rows[1]; row[2] != "2" || row[3] != "1" || row[4] != "0.004" || row[5] != "9" || !strings.Contains(row[7], "maximum number of steps") {
		t.Errorf("row %q", row)
	}
	if _, err := parsePeerLines(strings.NewReader(`{"peer": `), nil); err == nil {
		t.Error("a line cut short was accepted")
	}
}

// Python or a library that is not there is an error that says what to install.
func TestPeerMissing(t *testing.T) {
	p := &pythonPeer{python: filepath.Join(t.TempDir(), "no-python"), folder: t.TempDir()}
	_, err := p.versions(t.Context(), "diffrax")
	missing, ok := err.(*PeerMissingError)
	if !ok {
		t.Fatalf("%v is no PeerMissingError", err)
	}
	for _, word := range append(pythonRequirements(), "pip install", "--python", "diffrax") {
		if !strings.Contains(missing.Error(), word) {
			t.Errorf("%q does not say %q", missing.Error(), word)
		}
	}
	if len(pythonRequirements()) == 0 {
		t.Error("no versions are pinned")
	}
}

// What a peer printed before it broke is kept, with what it said last.
func TestPeerBroke(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to play a peer that breaks")
	}
	p := &pythonPeer{python: shell, folder: t.TempDir()}
	script := "cat <<'END'\n" + peerOutput + "END\necho first >&2\necho out of memory >&2\nexit 3\n"
	if err := os.WriteFile(filepath.Join(p.folder, "diffrax_peer.py"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	said := 0
	lines, err := p.sweep(t.Context(), "diffrax", "problem.json", []float64{1e-2}, 0, func(string, ...any) { said++ })
	if err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("error %v does not say why", err)
	}
	if len(lines) != 6 || said == 0 {
		t.Errorf("%d lines kept, %d said; want 6 and some", len(lines), said)
	}
	if _, err := launch(t.Context(), 1, func() *exec.Cmd { return p.command(t.Context(), "diffrax") }); err == nil {
		t.Error("a program that fails was timed")
	}
}
