package robustness

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// table is a data file's content: times and two states; NaN is missing.
type table struct {
	rows [][3]float64
}

// exampleTable is a reaction A → B, with values that have few digits.
func exampleTable() *table {
	t := &table{}
	for i := range 12 {
		at := float64(i) / 4
		a := math.Round(1e6*math.Exp(-at)) / 1e6
		t.rows = append(t.rows, [3]float64{at, a, math.Round(1e6*(1-a)) / 1e6})
	}
	return t
}

// style is how a table is written.
type style struct {
	before   []string // lines above the header
	header   []string // nil: none
	units    []string // a row below the header
	sep      string
	comma    bool // decimal comma
	quoted   bool // every cell in quotes
	index    bool // a column that counts rows, before the others
	missing  string
	after    []string // lines at the end
	newline  string
	trailing string // at the end of each row
	blank    bool   // blank lines between rows
	format   byte
	digits   int
	pad      int // width of cells
	encode   func(string) []byte
}

func plainText(s string) []byte { return []byte(s) }

var plainStyle = style{header: []string{"t", "A", "B"}, sep: ",", newline: "\n", format: 'g', digits: -1, encode: plainText}

func (t *table) text(s style) []byte {
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			if s.quoted {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			cells[i] = strings.Repeat(" ", max(0, s.pad-len(c))) + c
		}
		b.WriteString(strings.Join(cells, s.sep) + s.trailing + s.newline)
		if s.blank {
			b.WriteString(s.newline)
		}
	}
	for _, l := range s.before {
		b.WriteString(l + s.newline)
	}
	for i, head := range [][]string{s.header, s.units} {
		if head == nil {
			continue
		}
		head = slices.Clone(head)
		if s.index {
			head = append([]string{[]string{"", ""}[i]}, head...)
		}
		line(head)
	}
	for i, r := range t.rows {
		var cells []string
		if s.index {
			cells = append(cells, strconv.Itoa(i))
		}
		for _, x := range r {
			c := s.missing
			if !math.IsNaN(x) {
				c = strconv.FormatFloat(x, s.format, s.digits, 64)
			}
			if s.comma {
				c = strings.ReplaceAll(c, ".", ",")
			}
			cells = append(cells, c)
		}
		line(cells)
	}
	for _, l := range s.after {
		b.WriteString(l + s.newline)
	}
	return s.encode(b.String())
}

// oddStyles change a style, and the table where the file says something else than the example.
var oddStyles = []func(*rand.Rand, *style, *table){
	func(_ *rand.Rand, s *style, _ *table) { s.sep = ";" },
	func(_ *rand.Rand, s *style, _ *table) { s.sep = "\t" },
	func(_ *rand.Rand, s *style, _ *table) { s.sep, s.comma = ";", true },
	func(_ *rand.Rand, s *style, _ *table) { s.sep, s.comma = "\t", true },
	func(_ *rand.Rand, s *style, _ *table) { s.comma = true },
	func(_ *rand.Rand, s *style, _ *table) { s.sep, s.pad = " ", 14 },
	func(_ *rand.Rand, s *style, _ *table) { s.sep = " " },
	func(_ *rand.Rand, s *style, _ *table) { s.sep = ", " },
	func(_ *rand.Rand, s *style, _ *table) { s.sep = "|" },
	func(_ *rand.Rand, s *style, _ *table) { s.newline = "\r\n" },
	func(_ *rand.Rand, s *style, _ *table) { s.newline = "\r" },
	func(_ *rand.Rand, s *style, _ *table) { s.trailing = s.sep },
	func(_ *rand.Rand, s *style, _ *table) { s.trailing = "  " },
	func(_ *rand.Rand, s *style, _ *table) { s.blank = true },
	func(_ *rand.Rand, s *style, _ *table) { s.quoted = true },
	func(_ *rand.Rand, s *style, _ *table) { s.header = nil },
	func(_ *rand.Rand, s *style, _ *table) { s.index = true },
	func(_ *rand.Rand, s *style, _ *table) { s.format, s.digits = 'e', 17 },
	func(_ *rand.Rand, s *style, _ *table) { s.format, s.digits = 'f', 12 },
	func(_ *rand.Rand, s *style, _ *table) { s.units = []string{"s", "mol/L", "mol/L"} },
	func(_ *rand.Rand, s *style, _ *table) { s.header = []string{"t [s]", "A [mol/L]", "B [mol/L]"} },
	func(_ *rand.Rand, s *style, _ *table) { s.header = []string{"Time (s)", "A", "B"} },
	func(r *rand.Rand, s *style, _ *table) {
		s.header = slices.Clone(s.header)
		if s.header != nil {
			s.header[0] = []string{"time", "TIME", "timestamp", "Zeit", "time/s", "Elapsed time (s)", "x", "T", "A", ""}[r.IntN(10)]
		}
	},
	func(r *rand.Rand, s *style, _ *table) {
		mark := []string{"# ", "% ", "// ", "\"#\" "}[r.IntN(4)]
		s.before = append(s.before, mark+"measured on a Monday", mark+"run 7, 25 °C")
	},
	func(_ *rand.Rand, s *style, _ *table) {
		s.before = append(s.before, "Instrument: UV-2600", "Operator: N. N.", "")
	},
	func(_ *rand.Rand, s *style, _ *table) { s.before = append(s.before, "sep="+s.sep) },
	func(_ *rand.Rand, s *style, _ *table) {
		if s.header != nil {
			s.header = append([]string{"# " + s.header[0]}, s.header[1:]...)
		}
	},
	func(r *rand.Rand, s *style, _ *table) {
		s.after = append(s.after, []string{"# the end", "mean,0.3,0.7", "Max;1;1", "", "\x1a", "end of file"}[r.IntN(6)])
	},
	func(r *rand.Rand, s *style, t *table) { // a block of its own, once more
		s.after = append(s.after, "", strings.Join([]string{"t", "A", "B"}, s.sep), "9"+s.sep+"1"+s.sep+"0")
	},
	func(r *rand.Rand, s *style, t *table) {
		s.missing = []string{"", "NaN", "NA", ".", "#N/A", "null", "None", "-nan(ind)", "-", "<0.01", "1.#QNAN"}[r.IntN(11)]
		for range 1 + r.IntN(3) {
			t.rows[2+r.IntN(len(t.rows)-2)][1+r.IntN(2)] = math.NaN()
		}
	},
	func(_ *rand.Rand, s *style, _ *table) {
		before := s.encode
		s.encode = func(x string) []byte { return append([]byte("\xef\xbb\xbf"), before(x)...) }
	},
	func(_ *rand.Rand, s *style, _ *table) {
		s.encode = func(x string) []byte {
			out := []byte{0xff, 0xfe}
			for _, u := range utf16.Encode([]rune(x)) {
				out = append(out, byte(u), byte(u>>8))
			}
			return out
		}
	},
	func(_ *rand.Rand, s *style, _ *table) {
		before := s.encode
		s.encode = func(x string) []byte {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			w.Write(before(x))
			w.Close()
			return b.Bytes()
		}
	},
}

// spoil changes the bytes of a file so that what it says can no longer be known: it must be refused, or read as something that stands in it.
func spoil(rng *rand.Rand, b []byte) []byte {
	at := rng.IntN(len(b))
	switch rng.IntN(8) {
	case 0:
		return b[:0]
	case 1:
		return slices.Insert(b, at, 0)
	case 2:
		return slices.Insert(b, at, 0xe9) // Latin 1
	case 3:
		return slices.Insert(b, at, '"')
	case 4:
		return bytes.Replace(b, []byte("0.5"), []byte([]string{"inf", "1e999", "0x1p-1", "0.5.1", "O.5", "1,234.5", "12:30", "=A1", "1e", "--5"}[rng.IntN(10)]), 1)
	case 5:
		return bytes.Repeat(b, 2) // times go back
	case 6:
		return append(b, slices.Repeat([]byte("x,"), 100_000)...)
	default:
		line := bytes.SplitAfter(b, []byte("\n"))
		i, j := rng.IntN(len(line)), rng.IntN(len(line))
		line[i], line[j] = line[j], line[i]
		return bytes.Join(line, nil)
	}
}

// oddFile writes a table in an unusual way, or spoils it. A file that is read must give what its plain twin gives.
func (l *lab) oddFile(rng *rand.Rand) trial {
	t, s := exampleTable(), plainStyle
	for range 1 + rng.IntN(3) {
		oddStyles[rng.IntN(len(oddStyles))](rng, &s, t)
	}
	content := t.text(s)
	spoilt := rng.IntN(4) == 0
	if spoilt {
		content = spoil(rng, content)
	}
	return func(ctx context.Context, dir string) (Outcome, string) {
		plain := plainStyle
		if err := os.WriteFile(filepath.Join(dir, "plain.csv"), t.text(plain), 0o644); err != nil {
			return Wrong, err.Error()
		}
		if err := os.WriteFile(filepath.Join(dir, "odd.csv"), content, 0o644); err != nil {
			return Wrong, err.Error()
		}
		folder := filepath.Join(l.dir, "plain")
		twin := l.execute(ctx, dir, "evaluate", folder, "plain.csv", "--json")
		want, err := twin.score()
		if err != nil {
			return Wrong, "the plain twin: " + err.Error() + twin.err
		}
		odd := l.execute(ctx, dir, "evaluate", folder, "odd.csv", "--json")
		right := func() error {
			got, err := odd.score()
			if err == nil && !spoilt && math.Abs(got-want) > 1e-6*want {
				err = fmt.Errorf("mae is %g, that of the plain twin %g", got, want)
			}
			return err
		}
		return odd.judge(right)
	}
}
