package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stiffnode/stiffnode/nn"
)

func example(t testing.TB, name string) *Model {
	t.Helper()
	s := variants(t)[name]
	m := &Model{
		States: s.Config().States, TimeName: "t", TimeUnit: "s", RHS: s, Params: make([]float64, s.NumParams()),
		Solver:     Solver{Method: "Rosenbrock23", RTol: 1e-6},
		Span:       Span{T0: 0, T1: 1e5, Log: true, First: 1e-5},
		Provenance: Provenance{Software: "stiffnode test", Recipe: "none", Seed: 3, Data: []string{"a.csv"}, SHA256: []string{"00"}},
	}
	s.Init(m.Params, nn.GlorotNormal, 3)
	return m
}

func encode(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileRoundTrip(t *testing.T) {
	for name := range variants(t) {
		m := example(t, name)
		path := filepath.Join(t.TempDir(), FileName)
		if err := m.Save(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, from := range []string{path, filepath.Dir(path)} {
			back, err := Load(from)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rhs, again := m.RHS.(*Scaled), back.RHS.(*Scaled)
			if d := cmp.Diff(rhs.Config(), again.Config()); d != "" {
				t.Errorf("%s: right-hand side differs: %s", name, d)
			}
			back.RHS = m.RHS
			if d := cmp.Diff(m, back, cmp.AllowUnexported(Scaled{})); d != "" {
				t.Errorf("%s: model differs: %s", name, d)
			}
		}
		if !bytes.Equal(encode(t, m), encode(t, m)) {
			t.Errorf("%s: two files of one model differ", name)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("%s: temporary files remain: %v", name, left)
		}
	}
}

// The layout is that of the format's specification, read here without the package's own code.
func TestFileIsSafetensors(t *testing.T) {
	m := example(t, "paper")
	raw := encode(t, m)
	n := binary.LittleEndian.Uint64(raw)
	var header map[string]json.RawMessage
	if err := json.Unmarshal(raw[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	if len(header) != 7 { // three layers of weights and biases, and the metadata
		t.Errorf("%d entries in the header", len(header))
	}
	var w struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets []int  `json:"data_offsets"`
	}
	if err := json.Unmarshal(header["layers.1.weight"], &w); err != nil {
		t.Fatal(err)
	}
	if w.DType != "F64" || !slices.Equal(w.Shape, []int{5, 6}) {
		t.Errorf("layers.1.weight: %+v", w)
	}
	l := m.RHS.(*Scaled).Network().Layers()[1]
	at := 8 + int(n) + w.Offsets[0]
	for i := range 30 {
		got := math.Float64frombits(binary.LittleEndian.Uint64(raw[at+8*i:]))
		if got != m.Params[l.Weight+i] {
			t.Fatalf("value %d is %g, want %g", i, got, m.Params[l.Weight+i])
		}
	}
}

// rewrite changes the header of a model file; body replaces the tensors' bytes where it is not nil.
func rewrite(t *testing.T, raw []byte, change func(header map[string]any, description map[string]any)) []byte {
	t.Helper()
	n := binary.LittleEndian.Uint64(raw)
	var header, desc map[string]any
	if err := json.Unmarshal(raw[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	meta := header["__metadata__"].(map[string]any)
	if err := json.Unmarshal([]byte(meta["stiffnode"].(string)), &desc); err != nil {
		t.Fatal(err)
	}
	delete(meta, "stiffnode.sha256") // as in older files: what is to be refused is the change itself
	change(header, desc)
	if _, ok := meta["stiffnode"]; ok {
		text, _ := json.Marshal(desc)
		meta["stiffnode"] = string(text)
	}
	head, _ := json.Marshal(header)
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(out, head...), raw[8+n:]...)
}

func TestFileRefusals(t *testing.T) {
	good := encode(t, example(t, "paper"))
	type object = map[string]any
	header := func(change func(h object)) []byte {
		return rewrite(t, good, func(h, _ map[string]any) { change(h) })
	}
	desc := func(change func(d object)) []byte { return rewrite(t, good, func(_, d map[string]any) { change(d) }) }
	nan := rewrite(t, good, func(_, _ object) {})
	binary.LittleEndian.PutUint64(nan[len(nan)-8:], math.Float64bits(math.NaN()))
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"empty":                 {nil, "cut short"},
		"other file":            {[]byte("t,y1,y2\n0,1,2\n"), "not a safetensors file"},
		"header cut":            {good[:100], "cut short"},
		"values cut":            {good[:len(good)-9], "cut short"},
		"values missing":        {good[:len(good)-8*20], "cut short"},
		"surplus":               {append(slices.Clone(good), 0, 0, 0, 0, 0, 0, 0, 0), "follow the last tensor"},
		"not a number":          {nan, "is NaN"},
		"foreign":               {header(func(h object) { delete(h["__metadata__"].(object), "stiffnode") }), "not one that stiffnode wrote"},
		"no metadata":           {header(func(h object) { delete(h["__metadata__"].(object), "stiffnode"); delete(h, "__metadata__") }), "not one that stiffnode wrote"},
		"shape":                 {header(func(h object) { h["layers.0.weight"].(object)["shape"] = []int{3, 6} }), "has the shape [3 6]"},
		"shape and bytes":       {header(func(h object) { h["layers.0.weight"].(object)["shape"] = []int{3, 7} }), "bytes, not"},
		"impossible shape":      {header(func(h object) { h["layers.0.weight"].(object)["shape"] = []int{math.MaxInt64, 3} }), "impossible shape"},
		"type":                  {header(func(h object) { h["layers.0.weight"].(object)["dtype"] = "F32" }), `type "F32"`},
		"overlap":               {header(func(h object) { h["layers.0.weight"].(object)["data_offsets"] = []int{8, 152} }), "begins at byte"},
		"tensor renamed":        {header(func(h object) { h["layers.9.bias"] = h["layers.0.bias"]; delete(h, "layers.0.bias") }), "no tensor layers.0.bias"},
		"version":               {desc(func(d object) { d["format"] = 2 }), "version 2"},
		"kind":                  {desc(func(d object) { d["kind"] = "oracle" }), `kind "oracle"`},
		"unknown field":         {desc(func(d object) { d["surprise"] = 1 }), "surprise"},
		"unknown rhs field":     {desc(func(d object) { d["rhs"].(object)["surprise"] = 1 }), "surprise"},
		"activation":            {desc(func(d object) { d["rhs"].(object)["network"].(object)["activation"] = "gelo" }), "gelu"},
		"network too wide":      {desc(func(d object) { d["rhs"].(object)["network"].(object)["hidden"] = []int{60000, 2000} }), "values; its description needs"},
		"scale":                 {desc(func(d object) { d["rhs"].(object)["y_scale"] = []float64{1, 0, 1} }), "scale of state y2 is 0"},
		"scales":                {desc(func(d object) { d["rhs"].(object)["y_scale"] = []float64{1, 1} }), "2 and 3 scales"},
		"time scale":            {desc(func(d object) { d["rhs"].(object)["t_scale"] = -1 }), "time scale"},
		"input":                 {desc(func(d object) { d["rhs"].(object)["input"].(object)["kind"] = "cubic" }), "cubic"},
		"states":                {desc(func(d object) { d["states"] = []object{} }), "0 states"},
		"role":                  {desc(func(d object) { d["states"].([]any)[0].(object)["role"] = "king" }), "king"},
		"same names":            {desc(func(d object) { d["states"].([]any)[0].(object)["name"] = "y2" }), `the name "y2"`},
		"method":                {desc(func(d object) { d["solver"].(object)["method"] = "Euler1768" }), "Euler1768"},
		"tolerance":             {desc(func(d object) { d["solver"].(object)["rtol"] = 7 }), "tolerance"},
		"absolute tolerances":   {desc(func(d object) { d["solver"].(object)["atol"] = []float64{1, 2} }), "absolute tolerance"},
		"span":                  {desc(func(d object) { d["span"].(object)["t1"] = -1 }), "span"},
		"description no object": {header(func(h object) { h["__metadata__"] = object{"stiffnode": "[1]"} }), "description cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.safetensors")
			if err := os.WriteFile(path, c.raw, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			var e *FileError
			if !errors.As(err, &e) {
				t.Fatalf("error %v (%T), want a *FileError", err, err)
			}
			if e.Path != path || !strings.Contains(err.Error(), c.want) {
				t.Errorf("message %q does not name the file and contain %q", err, c.want)
			}
		})
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no model in this folder") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestInvalidModelIsNotWritten(t *testing.T) {
	m := example(t, "paper")
	m.Params[3] = math.Inf(1)
	dir := t.TempDir()
	if err := m.Save(filepath.Join(dir, FileName)); err == nil {
		t.Error("an infinite parameter was written")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("files remain: %v", left)
	}
}

// Whatever the bytes, Decode returns a model that can be written and read again, or a *FileError.
func FuzzDecode(f *testing.F) {
	for name := range variants(f) {
		f.Add(encode(f, example(f, name)))
	}
	good := encode(f, example(f, "paper"))
	f.Add(good[:len(good)-9])
	f.Add([]byte{8, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Decode(raw)
		if err != nil {
			var e *FileError
			if !errors.As(err, &e) {
				t.Fatalf("error %v (%T)", err, err)
			}
			return
		}
		var b bytes.Buffer
		if err := m.Encode(&b); err != nil {
			t.Fatalf("a model that was read cannot be written: %v", err)
		}
		if _, err := Decode(b.Bytes()); err != nil {
			t.Fatalf("a model that was written cannot be read: %v", err)
		}
	})
}

// A file of before there were sums is read as it was.
func TestFilesWithoutSumAreRead(t *testing.T) {
	m := example(t, "paper")
	back, err := Decode(rewrite(t, encode(t, m), func(_, _ map[string]any) {}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.Params, m.Params) {
		t.Error("other parameters")
	}
}

// No single bit of a file can change unnoticed.
func TestEveryFlippedBitIsNoticed(t *testing.T) {
	raw := encode(t, example(t, "paper"))
	step := 1
	if testing.Short() {
		step = 7
	}
	for bit := 0; bit < 8*len(raw); bit += step {
		raw[bit/8] ^= 1 << (bit % 8)
		if _, err := Decode(raw); err == nil {
			t.Errorf("bit %d of byte %d: %q was read", bit%8, bit/8, raw[max(0, bit/8-20):min(len(raw), bit/8+20)])
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
	if _, err := Decode(raw); err != nil {
		t.Error(err)
	}
}
