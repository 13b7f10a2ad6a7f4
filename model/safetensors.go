package model

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// The safetensors format (github.com/huggingface/safetensors): the length of the header (uint64, little-endian), the header, a JSON object
// that gives each tensor's type, shape and place, then the tensors' bytes without gaps. Only float64 tensors are
// written and read here. A reader of 120 lines is smaller than a dependency and refuses more.

// array is a tensor with its values.
type array struct {
	name   string
	shape  []int
	values []float64
}

type tensorHeader struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

const (
	metadataKey = "__metadata__"
	maxHeader   = 1 << 26 // bytes; the reference implementation's bound is of the same size
)

// writeSafetensors writes the arrays in the order given.
func writeSafetensors(w io.Writer, arrays []array, metadata map[string]string) error {
	// encoding/json orders the keys of a map: the same model gives the same bytes.
	header := map[string]any{metadataKey: metadata}
	at := 0
	for _, a := range arrays {
		end := at + 8*len(a.values)
		header[a.name] = tensorHeader{DType: "F64", Shape: a.shape, Offsets: [2]int{at, end}}
		at = end
	}
	head, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(head)%8 != 0 { // numbers begin on their own boundaries
		head = append(head, ' ')
	}
	buf := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+len(head)+at), uint64(len(head)))
	buf = append(buf, head...)
	for _, a := range arrays {
		for _, v := range a.values {
			buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v))
		}
	}
	_, err = w.Write(buf)
	return err
}

// readSafetensors reads a complete file; the arrays come in the order of their places.
func readSafetensors(data []byte) ([]array, map[string]string, error) {
	if len(data) < 8 {
		return nil, nil, errors.New("it is cut short: there is no header")
	}
	size := binary.LittleEndian.Uint64(data)
	body := data[8:]
	switch {
	case size > maxHeader:
		return nil, nil, errors.New("it is not a safetensors file: its header would be impossibly long")
	case size > uint64(len(body)):
		return nil, nil, errors.New("it is cut short: the header is not complete")
	}
	head, body := body[:size], body[size:]
	var header map[string]json.RawMessage
	if err := json.Unmarshal(head, &header); err != nil {
		return nil, nil, fmt.Errorf("it is not a safetensors file: the header is no JSON object: %w", err)
	}
	var metadata map[string]string
	var arrays []array
	var places [][2]int
	for name, raw := range header {
		if name == metadataKey {
			if err := json.Unmarshal(raw, &metadata); err != nil {
				return nil, nil, fmt.Errorf("its metadata are not text: %w", err)
			}
			continue
		}
		a, place, err := readTensor(name, raw, body)
		if err != nil {
			return nil, nil, err
		}
		arrays, places = append(arrays, a), append(places, place)
	}
	order := make([]int, len(arrays))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if d := places[a][0] - places[b][0]; d != 0 {
			return d
		}
		return places[a][1] - places[b][1]
	})
	sorted, at := make([]array, 0, len(arrays)), 0
	for _, i := range order {
		if places[i][0] != at {
			return nil, nil, fmt.Errorf("tensor %s begins at byte %d, not at %d", arrays[i].name, places[i][0], at)
		}
		at = places[i][1]
		sorted = append(sorted, arrays[i])
	}
	if at != len(body) {
		return nil, nil, fmt.Errorf("%d bytes follow the last tensor", len(body)-at)
	}
	return sorted, metadata, nil
}

func readTensor(name string, raw json.RawMessage, body []byte) (array, [2]int, error) {
	var h tensorHeader
	var keys map[string]json.RawMessage // encoding/json would take "Shape" for "shape"
	if err := errors.Join(json.Unmarshal(raw, &keys), strictJSON(raw, &h)); err != nil || keys["dtype"] == nil || keys["shape"] == nil || keys["data_offsets"] == nil {
		return array{}, h.Offsets, fmt.Errorf("tensor %s has no proper description of type, shape and place: %s", name, raw)
	}
	if h.DType != "F64" {
		return array{}, h.Offsets, fmt.Errorf("tensor %s has the type %q; models are kept in F64", name, h.DType)
	}
	from, to := h.Offsets[0], h.Offsets[1]
	if from < 0 || to < from {
		return array{}, h.Offsets, fmt.Errorf("tensor %s has the impossible place %d to %d", name, from, to)
	}
	if to > len(body) {
		return array{}, h.Offsets, fmt.Errorf("it is cut short: tensor %s is not complete", name)
	}
	n := 1
	for _, d := range h.Shape {
		if d < 0 || d > 0 && n > len(body)/d {
			return array{}, h.Offsets, fmt.Errorf("tensor %s has the impossible shape %v", name, h.Shape)
		}
		n *= d
	}
	if to-from != 8*n {
		return array{}, h.Offsets, fmt.Errorf("tensor %s of shape %v has %d bytes, not %d", name, h.Shape, to-from, 8*n)
	}
	a := array{name: name, shape: h.Shape, values: make([]float64, n)}
	for i := range a.values {
		a.values[i] = math.Float64frombits(binary.LittleEndian.Uint64(body[from+8*i:]))
	}
	return a, h.Offsets, nil
}
