package robustness

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/model"
)

// modelOf is a model that is damaged, and how it is used.
type modelOf struct{ name, data, y0 string }

var damagedModels = []modelOf{
	{"plain", "plain.csv", "A=1,B=0"}, {"projected", "rober.csv", "y1=1,y2=0,y3=0"}, {"dae", "rober.csv", "y1=1,y2=0,y3=0"}, {"timed", "plain.csv", "A=1,B=0"},
}

// damagedModel damages the bytes of a model file, which must be noticed, or what it says, with no checksum to tell.
func (l *lab) damagedModel(rng *rand.Rand) trial {
	m := damagedModels[rng.IntN(len(damagedModels))]
	return func(ctx context.Context, dir string) (Outcome, string) {
		raw, err := os.ReadFile(filepath.Join(l.dir, m.name, model.FileName))
		if err != nil {
			return Wrong, err.Error()
		}
		noticed := rng.IntN(2) == 0
		var damaged []byte
		if noticed {
			for damaged == nil || bytes.Equal(damaged, raw) {
				damaged = damageBytes(rng, slices.Clone(raw))
			}
		} else {
			damaged = damageMeaning(rng, raw)
		}
		path := filepath.Join(dir, model.FileName)
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			return Wrong, err.Error()
		}
		var r run
		if rng.IntN(2) == 0 {
			r = l.execute(ctx, dir, "predict", path, "--y0", m.y0, "--times", "0,0.5,1")
			return judgeDamage(&r, noticed, r.finiteCSV)
		}
		r = l.execute(ctx, dir, "evaluate", path, filepath.Join(l.dir, m.data), "--json")
		return judgeDamage(&r, noticed, func() error { _, err := r.score(); return err })
	}
}

func judgeDamage(r *run, noticed bool, right func() error) (Outcome, string) {
	if noticed {
		right = nil
	}
	return r.judge(right)
}

// damageBytes changes bytes as broken disks, cut transfers and editors do.
func damageBytes(rng *rand.Rand, b []byte) []byte {
	at, length := rng.IntN(len(b)), 1+rng.IntN(64)
	if rng.IntN(3) == 0 { // the header is where most can go wrong
		at = rng.IntN(min(len(b), 2000))
	}
	end := min(len(b), at+length)
	switch rng.IntN(9) {
	case 0, 1:
		b[at] ^= 1 << rng.IntN(8)
	case 2:
		b[at] = byte(rng.Uint32())
	case 3:
		return b[:at]
	case 4:
		return slices.Delete(b, at, end)
	case 5:
		return slices.Insert(b, at, slices.Clone(b[at:end])...)
	case 6:
		clear(b[at:end])
	case 7:
		for i := range b[at:end] {
			b[at+i] = byte(rng.Uint32())
		}
	case 8:
		return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) // a transfer as text; nothing where there is no line break
	}
	return b
}

// strange are values that a description does not expect.
func strange(rng *rand.Rand) any {
	values := []any{
		nil, true, "", "x", "NaN", strings.Repeat("a", 10_000), "\x1b[31m", -1, 0, 1, 2, 1e308, -1e308, 5e-324, 1e9, 1 << 40, []any{}, []any{1}, []any{nil}, []any{-1.0, 0.0},
		map[string]any{}, map[string]any{"x": 1}, json.Number("1e999"), slices.Repeat([]any{1.5}, 3000), nested(5000), "\u202e", 0.1,
	}
	return values[rng.IntN(len(values))]
}

func nested(depth int) any {
	return json.RawMessage(strings.Repeat("[", depth) + strings.Repeat("]", depth))
}

// damageMeaning changes what a sound file says, and takes away its checksum: as an older version, or another program, might have written it.
func damageMeaning(rng *rand.Rand, raw []byte) []byte {
	n := binary.LittleEndian.Uint64(raw)
	body := slices.Clone(raw[8+n:])
	var header, description map[string]any
	metadata := map[string]any{}
	if json.Unmarshal(raw[8:8+n], &header) == nil {
		metadata, _ = header["__metadata__"].(map[string]any)
	}
	text, _ := metadata["stiffnode"].(string)
	if json.Unmarshal([]byte(text), &description) != nil {
		return raw
	}
	delete(metadata, "stiffnode.sha256")
	for range 1 + rng.IntN(2) {
		switch rng.IntN(5) {
		case 0, 1, 2:
			damageValue(rng, description)
		case 3:
			damageValue(rng, header)
		case 4:
			numbers := []float64{math.NaN(), math.Inf(1), 1e308, -1e308, 5e-324, 1e6, 0}
			if len(body) >= 8 {
				binary.LittleEndian.PutUint64(body[8*rng.IntN(len(body)/8):], math.Float64bits(numbers[rng.IntN(len(numbers))]))
			}
		}
	}
	changed, err := json.Marshal(description)
	if err != nil {
		changed = []byte(fmt.Sprint(description))
	}
	metadata["stiffnode"] = string(changed)
	head, err := json.Marshal(header)
	if err != nil {
		head = []byte(fmt.Sprint(header))
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(out, head...), body...)
}

// damageValue replaces, removes, doubles or adds something at a random place.
func damageValue(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if len(keys) == 0 {
			break
		}
		k := keys[rng.IntN(len(keys))]
		switch rng.IntN(12) {
		case 0:
			delete(v, k)
		case 1:
			v["unknown"] = strange(rng)
		case 2:
			v[strings.ToUpper(k)] = v[k]
		default:
			v[k] = damageValue(rng, v[k])
		}
		return v
	case []any:
		if len(v) == 0 {
			break
		}
		i := rng.IntN(len(v))
		switch rng.IntN(8) {
		case 0:
			return slices.Delete(slices.Clone(v), i, i+1)
		case 1:
			return append(slices.Clone(v), v[i])
		case 2:
			return strange(rng)
		default:
			v[i] = damageValue(rng, v[i])
		}
		return v
	case float64:
		if rng.IntN(2) == 0 {
			return v * []float64{-1, 0, 1e10, 1e-10, 2, 1e300, 0.5}[rng.IntN(7)]
		}
	}
	return strange(rng)
}
