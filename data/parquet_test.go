package data

import (
	"bytes"
	"compress/gzip"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

type parquetRow struct {
	Run string    `parquet:"trajectory"`
	T   time.Time `parquet:"time,timestamp(microsecond)"`
	A   float64   `parquet:"A"`
	B   *float32  `parquet:"B,optional"`
	N   int64     `parquet:"N"`
	U   uint32    `parquet:"U"`
	OK  bool      `parquet:"on"`
	D   int64     `parquet:"D,decimal(2:10)"`
}

func parquetBytes[T any](t testing.TB, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(&parquet.Snappy))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Numbers come out with the same bits, times as seconds, missing values as such.
func TestReadParquet(t *testing.T) {
	third := float32(1.0 / 3)
	start := time.Date(2024, 5, 2, 12, 0, 0, 0, time.UTC)
	var rows []parquetRow
	for _, run := range []string{"a", "b"} {
		rows = append(rows, parquetRow{run, start, 1.0 / 3, &third, -7, math.MaxUint32, false, 12345}, parquetRow{run, start.Add(2500 * time.Millisecond), 5e-324, nil, 8, 1, true, -1})
	}
	raw := parquetBytes(t, rows)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(raw)
	z.Close()
	for name, b := range map[string][]byte{"plain": raw, "gzip": packed.Bytes()} {
		s, err := ReadCSV(bytes.NewReader(b), "d.parquet", ReadOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		tr := s.Trajectories[1]
		if len(s.Trajectories) != 2 || tr.Name != "b" || s.TimeUnit != "s" || !equal(tr.Times, []float64{0, 2.5}) {
			t.Errorf("%s: %+v", name, s)
		}
		if want := []float64{1.0 / 3, float64(third), -7, math.MaxUint32, 0, 123.45, 5e-324, nan, 8, 1, 1, -0.01}; !equal(tr.Values, want) {
			t.Errorf("%s: values %v, want %v", name, tr.Values, want)
		}
		if r := s.Readings[0]; r.Format != "parquet" || r.Rows != 4 {
			t.Errorf("%s: reading %+v", name, r)
		}
	}
}

func TestReadParquetLeavesThePandasIndexOut(t *testing.T) {
	type row struct {
		T     float64 `parquet:"t"`
		Y     float64 `parquet:"y"`
		Index int64   `parquet:"__index_level_0__"`
	}
	s, err := ReadCSV(bytes.NewReader(parquetBytes(t, []row{{0, 1, 0}, {1, 2, 1}})), "d", ReadOptions{})
	if err != nil || len(s.States) != 1 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestReadParquetRefuses(t *testing.T) {
	type listed struct {
		T float64   `parquet:"t"`
		Y []float64 `parquet:"y,list"`
	}
	type dated struct {
		T int32   `parquet:"t,date"`
		Y float64 `parquet:"y"`
	}
	good := parquetBytes(t, []parquetRow{{Run: "a"}, {Run: "a", T: time.Unix(1, 0)}})
	for want, raw := range map[string][]byte{
		"lists or groups": parquetBytes(t, []listed{{0, []float64{1}}, {1, []float64{2}}}),
		"of the type":     parquetBytes(t, []dated{{0, 1}, {1, 2}}),
		"cannot be read":  good[:len(good)/2],
	} {
		_, err := ReadCSV(bytes.NewReader(raw), "d.parquet", ReadOptions{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Remedy == "" || e.File == "" {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// No damage makes the library's faults ours: what is not read is an *Error.
func FuzzReadParquet(f *testing.F) {
	f.Add(parquetBytes(f, []parquetRow{{Run: "a"}, {Run: "a", T: time.Unix(1, 0)}}), 10, byte(1))
	f.Fuzz(func(t *testing.T, raw []byte, at int, change byte) {
		if len(raw) == 0 || at < 0 || len(raw) > 1<<16 {
			return
		}
		raw = bytes.Clone(raw)
		raw[at%len(raw)] ^= change
		set, err := ReadCSV(bytes.NewReader(append([]byte(parquetMagic), raw...)[4:]), "f", ReadOptions{})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("error without a place: %v", err)
		}
		if err == nil {
			if err := set.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
