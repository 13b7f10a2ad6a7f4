package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/internal/durable"
	"github.com/stiffnode/stiffnode/nn"
)

// FormatVersion is the version of the description in model files that this package writes and reads.
const FormatVersion = 1

// FileName is the name of the model file in a run folder.
const FileName = "model.safetensors"

// The entries of the metadata: the description, and the sum of what a file holds.
const (
	descriptionKey = "stiffnode"
	sumKey         = "stiffnode.sha256"
)

// FileError says why a file cannot be used as a model.
type FileError struct {
	Path   string
	Reason string
	Remedy string
	Err    error // the cause, for errors.Is and errors.As; may be nil
}

func (e *FileError) Error() string {
	msg := e.Reason
	if e.Path != "" {
		msg = e.Path + ": " + msg
	}
	if e.Remedy != "" {
		msg += "; " + e.Remedy
	}
	return msg
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// description is the JSON object in the metadata.
type description struct {
	Format     int             `json:"format"`
	Kind       string          `json:"kind"`
	States     []State         `json:"states"`
	Time       quantity        `json:"time"`
	RHS        json.RawMessage `json:"rhs"`
	Solver     Solver          `json:"solver"`
	Span       Span            `json:"span"`
	Ranges     []Range         `json:"ranges,omitempty"`
	Provenance Provenance      `json:"provenance"`
}

type quantity struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
}

// kinds are the right-hand sides that a file may name, with the function that makes each from what Describe wrote.
var kinds = map[string]func(states []State, raw json.RawMessage) (RHS, error){
	KindScaled:    readScaled,
	KindProjected: readProjected,
	KindDAE:       readDAE,
}

// scaledDescription is what Scaled.Describe writes.
type scaledDescription struct {
	Network   networkDescription `json:"network"`
	Input     Input              `json:"input"`
	Time      *TimeInput         `json:"time_input,omitempty"`
	YScale    []float64          `json:"y_scale"`
	TScale    float64            `json:"t_scale"`
	Magnitude []float64          `json:"magnitude"`
}

type networkDescription struct {
	Hidden           []int         `json:"hidden"`
	Activation       nn.Activation `json:"activation"`
	OutputActivation nn.Activation `json:"output_activation"`
}

// Describe implements RHS.
func (s *Scaled) Describe() any {
	c := s.cfg
	return scaledDescription{
		Network: networkDescription{c.Hidden, c.Activation, c.OutputActivation},
		Input:   c.Input, Time: c.Time, YScale: c.YScale, TScale: c.TScale, Magnitude: c.Magnitude,
	}
}

func readScaled(states []State, raw json.RawMessage) (RHS, error) {
	var d scaledDescription
	if err := strictJSON(raw, &d); err != nil {
		return nil, err
	}
	return NewScaled(d.config(states))
}

func (d *scaledDescription) config(states []State) ScaledConfig {
	return ScaledConfig{
		States: states, Hidden: d.Network.Hidden, Activation: d.Network.Activation, OutputActivation: d.Network.OutputActivation,
		Input: d.Input, Time: d.Time, YScale: d.YScale, TScale: d.TScale, Magnitude: d.Magnitude,
	}
}

func strictJSON(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// Encode writes the model file. The same model gives the same bytes.
func (m *Model) Encode(w io.Writer) error {
	if err := m.Validate(); err != nil {
		return err
	}
	rhs, err := json.Marshal(m.RHS.Describe())
	if err != nil {
		return err
	}
	text, err := json.Marshal(description{
		Format: FormatVersion, Kind: m.RHS.Kind(), States: m.States, Time: quantity{m.TimeName, m.TimeUnit},
		RHS: rhs, Solver: m.Solver, Span: m.Span, Ranges: m.Ranges, Provenance: m.Provenance,
	})
	if err != nil {
		return err
	}
	var arrays []array
	for _, t := range m.RHS.Tensors() {
		arrays = append(arrays, array{t.Name, t.Shape, m.Params[t.Offset : t.Offset+t.Len()]})
	}
	return writeSafetensors(w, arrays, map[string]string{descriptionKey: string(text), sumKey: contentSum(string(text), arrays)})
}

// Decode reads a model file's content. The error is a *FileError without a path.
func Decode(content []byte) (*Model, error) {
	arrays, metadata, err := readSafetensors(content)
	if err != nil {
		return nil, refuse(err.Error(), err)
	}
	text, ok := metadata[descriptionKey]
	if !ok {
		return nil, refuse("it is a safetensors file, but not one that stiffnode wrote: the metadata have no entry "+descriptionKey, nil)
	}
	if err := checkSum(metadata, arrays); err != nil {
		return nil, err
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal([]byte(text), &version); err != nil {
		return nil, refuse("its description cannot be read: "+err.Error(), err)
	}
	if version.Format != FormatVersion {
		e := refuse(fmt.Sprintf("its format has the version %d; this program reads version %d", version.Format, FormatVersion), nil)
		e.Remedy = "use the version of stiffnode that wrote it, or a newer one"
		return nil, e
	}
	var d description
	if err := strictJSON([]byte(text), &d); err != nil {
		return nil, refuse("its description cannot be read: "+err.Error(), err)
	}
	read, ok := kinds[d.Kind]
	if !ok {
		return nil, refuse(fmt.Sprintf("it holds a model of the kind %q, which this program does not know", d.Kind), nil)
	}
	rhs, err := read(d.States, d.RHS)
	if err != nil {
		return nil, refuse("its description contradicts itself: "+err.Error(), err)
	}
	values := 0
	for _, a := range arrays {
		values += len(a.values)
	}
	if values != rhs.NumParams() { // before anything of the size that the description claims is made
		return nil, refuse(fmt.Sprintf("its tensors have %d values; its description needs %d", values, rhs.NumParams()), nil)
	}
	m := &Model{
		States: d.States, TimeName: d.Time.Name, TimeUnit: d.Time.Unit, RHS: rhs, Params: make([]float64, rhs.NumParams()),
		Solver: d.Solver, Span: d.Span, Ranges: d.Ranges, Provenance: d.Provenance,
	}
	if err := m.fill(arrays); err != nil {
		return nil, refuse(err.Error(), err)
	}
	if err := m.Validate(); err != nil {
		return nil, refuse(err.Error(), err)
	}
	return m, nil
}

// fill takes the parameters from the tensors that the right-hand side expects, all of them and no others.
func (m *Model) fill(arrays []array) error {
	want := m.RHS.Tensors()
	for _, t := range want {
		i := slices.IndexFunc(arrays, func(a array) bool { return a.name == t.Name })
		if i < 0 {
			return fmt.Errorf("there is no tensor %s", t.Name)
		}
		if !slices.Equal(arrays[i].shape, t.Shape) {
			return fmt.Errorf("tensor %s has the shape %v; its description needs %v", t.Name, arrays[i].shape, t.Shape)
		}
		copy(m.Params[t.Offset:], arrays[i].values)
	}
	for _, a := range arrays {
		if !slices.ContainsFunc(want, func(t Tensor) bool { return t.Name == a.name }) {
			return fmt.Errorf("tensor %s does not belong to such a model", a.name)
		}
	}
	return nil
}

func refuse(reason string, err error) *FileError {
	return &FileError{Reason: "cannot be used as a model: " + strings.TrimPrefix(reason, "model: "), Err: err}
}

// Save writes the model file, so that a file of that name is at no moment half written.
func (m *Model) Save(path string) error {
	var buf bytes.Buffer
	if err := m.Encode(&buf); err != nil {
		return err
	}
	return durable.Replace(path, buf.Bytes())
}

// Load reads a model from a model file or from the run folder that holds one. The error is a *FileError.
func Load(path string) (*Model, error) {
	file := path
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		file = filepath.Join(path, FileName)
		_, err = os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &FileError{Path: path, Reason: "there is no model in this folder", Remedy: "a run writes " + FileName + " when it ends; see whether it can be resumed", Err: err}
		}
	}
	if err != nil {
		return nil, &FileError{Path: path, Reason: "cannot be opened: " + err.Error(), Remedy: "name a model file or a run folder", Err: err}
	}
	content, err := readFile(file)
	if err != nil {
		return nil, &FileError{Path: file, Reason: "cannot be read: " + err.Error(), Err: err}
	}
	m, err := Decode(content)
	if err != nil {
		var e *FileError
		errors.As(err, &e)
		e.Path = file
		return nil, e
	}
	return m, nil
}

// maxFile is the size of the largest model file: what is larger, or a device that never ends, is none.
const maxFile = 1 << 31

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var head [8]byte // the length of the header tells what is no model before much of it is read
	if n, err := io.ReadFull(f, head[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return head[:n], nil
		}
		return nil, err
	}
	if n := binary.LittleEndian.Uint64(head[:]); n > maxHeader || n == 0 {
		return head[:], nil
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err == nil && len(rest) == maxFile {
		err = fmt.Errorf("it has more than %d bytes, more than any model", maxFile)
	}
	return append(head[:], rest...), err
}
