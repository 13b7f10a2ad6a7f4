package optim

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// StateError says why a saved state cannot be used.
type StateError struct {
	Method string // that was asked to read it
	Reason string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("optim: saved state of %s: %s", e.Method, e.Reason)
}

// A saved state is
//
//	name length (1 byte), name, version (uint16), payload, CRC-32C of all before (uint32),
//
// little-endian. In the payload a vector is its length (uint64) and the bits of its elements.
var crcTable = crc32.MakeTable(crc32.Castagnoli)

type stateWriter struct{ buf []byte }

func newStateWriter(name string, version uint16) *stateWriter {
	w := &stateWriter{}
	w.buf = append(w.buf, byte(len(name)))
	w.buf = append(w.buf, name...)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, version)
	return w
}

func (w *stateWriter) uint64(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }

func (w *stateWriter) int(v int) { w.uint64(uint64(v)) }

func (w *stateWriter) float64(v float64) { w.uint64(math.Float64bits(v)) }

func (w *stateWriter) bool(v bool) {
	var b uint64
	if v {
		b = 1
	}
	w.uint64(b)
}

func (w *stateWriter) vector(v []float64) {
	w.int(len(v))
	for _, x := range v {
		w.float64(x)
	}
}

func (w *stateWriter) finish() []byte {
	return binary.LittleEndian.AppendUint32(w.buf, crc32.Checksum(w.buf, crcTable))
}

// stateReader reads what stateWriter wrote. The first error is kept; after it every read gives zero.
type stateReader struct {
	method string
	rest   []byte
	err    error
}

func newStateReader(method string, version uint16, data []byte) *stateReader {
	r := &stateReader{method: method}
	head := 1 + len(method) + 2
	switch {
	case len(data) == 0:
		r.fail("is empty")
		return r
	case len(data) < 1+int(data[0])+2+4:
		r.fail("is cut short: %d bytes", len(data))
		return r
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, crcTable) != sum {
		r.fail("is damaged or cut short: its checksum does not agree")
		return r
	}
	if name := string(body[1 : 1+int(body[0])]); name != method {
		r.fail("belongs to %q", name)
		return r
	}
	if v := binary.LittleEndian.Uint16(body[1+len(method):]); v != version {
		r.fail("has format version %d, this program reads version %d", v, version)
		return r
	}
	r.rest = body[head:]
	return r
}

func (r *stateReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &StateError{Method: r.method, Reason: fmt.Sprintf(format, args...)}
	}
	r.rest = nil
}

func (r *stateReader) uint64() uint64 {
	if len(r.rest) < 8 {
		r.fail("ends too early")
		return 0
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

func (r *stateReader) int() int {
	v := r.uint64()
	if v > math.MaxInt {
		r.fail("holds the count %d", v)
		return 0
	}
	return int(v)
}

func (r *stateReader) float64() float64 { return math.Float64frombits(r.uint64()) }

// positive reads a number that must be finite and at least 0.
func (r *stateReader) positive() float64 {
	v := r.float64()
	if !(v >= 0 && v <= math.MaxFloat64) {
		r.fail("holds %v where a finite number of at least 0 is expected", v)
		return 0
	}
	return v
}

func (r *stateReader) bool() bool {
	v := r.uint64()
	if v > 1 {
		r.fail("holds %d where 0 or 1 is expected", v)
	}
	return v == 1
}

// vector reads a vector that must have n elements.
func (r *stateReader) vector(n int) []float64 {
	if got := r.uint64(); r.err == nil && got != uint64(n) {
		r.fail("holds a vector of %d elements where this problem has %d", got, n)
	}
	if r.err == nil && len(r.rest)/8 < n {
		r.fail("ends too early")
	}
	if r.err != nil {
		return nil
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = r.float64()
	}
	return v
}

func (r *stateReader) finish() error {
	if r.err == nil && len(r.rest) != 0 {
		r.fail("has %d bytes too many", len(r.rest))
	}
	return r.err
}
