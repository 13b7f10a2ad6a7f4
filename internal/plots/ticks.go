package plots

import (
	"math"
	"strconv"
	"strings"
)

// tick is a mark on an axis; one without a label is a minor one.
type tick struct {
	value float64
	label string
}

// ticker places ticks on an axis.
type ticker struct {
	scale
	length float64           // of the axis, in points
	fits   func([]tick) bool // whether labels can stand beside each other
	minor  float64           // least distance of minor ticks, in points
}

// ticks returns the ticks of the axis, and what the labels have to be multiplied by, or added to, in words:
// "×10⁻⁵", or "".
func (tk ticker) ticks() ([]tick, string) {
	if !tk.log {
		return tk.linear()
	}
	if t := tk.decades(); t != nil {
		return t, ""
	}
	if t := tk.subdecades(); t != nil {
		return t, ""
	}
	return tk.linear()
}

// decades marks powers of ten, and labels as many as can be read; nil if fewer than two are in sight.
func (tk ticker) decades() []tick {
	first, last := int(math.Ceil(math.Log10(tk.lo)-1e-9)), int(math.Floor(math.Log10(tk.hi)+1e-9))
	if last-first < 1 {
		return nil
	}
	every := func(stride int) (labelled []tick) {
		for e := first; e <= last; e++ {
			if e%stride == 0 {
				labelled = append(labelled, tick{pow10(e), "10" + superscript(e)})
			}
		}
		return labelled
	}
	stride := 1
	for _, s := range []int{1, 2, 3, 5, 10, 20, 50, 100, 200} {
		labelled := every(s)
		if len(labelled) < 2 {
			break
		}
		if stride = s; tk.fits(labelled) {
			break
		}
	}
	ticks := every(stride)
	if !tk.fits(ticks) {
		ticks = tk.sparser(ticks)
	}
	decade := tk.length / (math.Log10(tk.hi) - math.Log10(tk.lo))
	for e := first - 1; e <= last; e++ {
		if e%stride != 0 && e >= first && decade >= tk.minor {
			ticks = append(ticks, tick{value: pow10(e)})
		}
		if stride > 1 || decade < 4*tk.minor {
			continue
		}
		for m := 2.0; m < 10; m++ {
			if v := m * pow10(e); tk.shows(v) {
				ticks = append(ticks, tick{value: v})
			}
		}
	}
	return ticks
}

// subdecades labels 1, 2 and 5, or every digit, times a power of ten; nil if that gives fewer than two labels.
func (tk ticker) subdecades() []tick {
	first, last := int(math.Floor(math.Log10(tk.lo))), int(math.Floor(math.Log10(tk.hi)))
	var best []tick
	for _, digits := range [][]int{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 5}, {1, 3}} {
		var labelled []tick
		for e := first; e <= last; e++ {
			for _, d := range digits {
				if v := float64(d) * pow10(e); tk.shows(v) {
					labelled = append(labelled, tick{v, subdecadeLabel(d, e, first, last)})
				}
			}
		}
		if len(labelled) >= 2 && tk.fits(labelled) {
			best = labelled
			break
		}
	}
	if best == nil {
		return nil
	}
	for e := first; e <= last; e++ {
		for d := 1; d <= 9; d++ {
			if v := float64(d) * pow10(e); tk.shows(v) && !has(best, v) {
				best = append(best, tick{value: v})
			}
		}
	}
	return best
}

func has(ticks []tick, v float64) bool {
	for _, t := range ticks {
		if t.value == v {
			return true
		}
	}
	return false
}

// subdecadeLabel writes d·10^e: in full if all the axis's exponents are small, or else like 2×10⁻⁵.
func subdecadeLabel(d, e, first, last int) string {
	switch {
	case first >= -3 && last <= 4:
		return decimal(int64(d), e, max(0, -e))
	case d == 1:
		return "10" + superscript(e)
	}
	return strconv.Itoa(d) + "×10" + superscript(e)
}

// linear marks multiples of 1, 2 or 5 times a power of ten, as many as can be read.
func (tk ticker) linear() (ticks []tick, factor string) {
	r := tk.hi - tk.lo
	e := int(math.Floor(math.Log10(r / 50)))
	for ; ; e++ {
		for _, m := range []int64{1, 2, 5} {
			g := newGrid(tk.scale, m, e)
			if g.last-g.first > 200 {
				continue
			}
			labelled, f := g.labels()
			if len(labelled) < 2 && ticks != nil {
				return tk.sparser(ticks), factor // coarser ones would say nothing
			}
			ticks, factor = tk.withMinor(labelled, g), f
			if len(labelled) < 2 || tk.fits(labelled) {
				return ticks, factor
			}
		}
	}
}

// sparser takes the labels off all ticks but every second, third, … until the rest fit. The labelled ticks come first.
func (tk ticker) sparser(ticks []tick) []tick {
	n := 0
	for n < len(ticks) && ticks[n].label != "" {
		n++
	}
	for stride := 2; ; stride++ {
		var kept []tick
		for i := 0; i < n; i += stride {
			kept = append(kept, ticks[i])
		}
		if len(kept) >= 2 && !tk.fits(kept) {
			continue
		}
		for i := range ticks[:n] {
			if i%stride != 0 {
				kept = append(kept, tick{value: ticks[i].value})
			}
		}
		return append(kept, ticks[n:]...)
	}
}

// withMinor adds minor ticks between those of a grid, if there is room.
func (tk ticker) withMinor(ticks []tick, g grid) []tick {
	parts := int64(5)
	if g.m == 2 {
		parts = 4
	}
	if tk.log || tk.length*g.step()/(tk.hi-tk.lo)/float64(parts) < tk.minor {
		return ticks
	}
	for i := g.first - 1; i <= g.last; i++ {
		for p := int64(1); p < parts; p++ {
			if v := g.value(i) + g.step()*float64(p)/float64(parts); tk.shows(v) {
				ticks = append(ticks, tick{value: v})
			}
		}
	}
	return ticks
}

// grid is the multiples i·m·10^e that are in sight. Labels are made from the integers, so that 0.3 is never
// 0.30000000000000004.
type grid struct {
	m           int64
	e           int
	first, last int64
}

func newGrid(s scale, m int64, e int) grid {
	g := grid{m: m, e: e}
	slack := min(1e-9, 5e-10*(s.hi-s.lo)/g.step()) // for roundoff, and less than what scale.shows allows
	g.first, g.last = int64(math.Ceil(s.lo/g.step()-slack)), int64(math.Floor(s.hi/g.step()+slack))
	return g
}

func (g grid) step() float64 { return float64(g.m) * pow10(g.e) }

func (g grid) value(i int64) float64 {
	if g.e < 0 && g.e >= -300 {
		return float64(i*g.m) / pow10(-g.e) // rounds once, to the number that the label says
	}
	return float64(i*g.m) * pow10(g.e)
}

// labels returns the labelled ticks. Large and small numbers get a common factor; numbers of which more than four digits are the same,
// a common summand.
func (g grid) labels() (ticks []tick, factor string) {
	biggest := max(abs(g.first), abs(g.last)) * g.m
	summand := int64(0) // in units of m·10^e
	if span := g.last - g.first; biggest/g.m > 10_000*max(1, span) {
		unit := int64(1) // the multiple of 10^e that is a power of ten above the span
		for unit < span*g.m {
			unit *= 10
		}
		base := floorDiv(g.first*g.m, unit) * unit
		summand = base
		biggest = max(abs(g.first*g.m-base), abs(g.last*g.m-base))
	}
	f := 0
	if magnitude := len(strconv.FormatInt(biggest, 10)) - 1 + g.e; biggest != 0 && (magnitude >= 6 || magnitude < -3 || magnitude < 0 && g.e < -4) {
		f = magnitude
		factor = "×10" + superscript(f)
	}
	if summand != 0 {
		sign := "+"
		if summand < 0 {
			sign = "−"
		}
		if factor != "" {
			sign = " " + sign + " "
		}
		factor += sign + short(abs(summand), g.e)
	}
	for i := g.first; i <= g.last; i++ {
		ticks = append(ticks, tick{g.value(i), decimal(i*g.m-summand, g.e-f, max(0, f-g.e))})
	}
	return ticks, factor
}

// decimal writes n·10^e with so many decimals, exactly; decimals is at least −e.
func decimal(n int64, e, decimals int) string {
	digits := strconv.FormatInt(abs(n), 10)
	if shift := e + decimals; shift > 0 && n != 0 {
		digits += strings.Repeat("0", shift)
	}
	if decimals > 0 {
		if missing := decimals + 1 - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		cut := len(digits) - decimals
		digits = digits[:cut] + "." + digits[cut:]
	}
	if n < 0 {
		return "−" + digits
	}
	return digits
}

// short writes n·10^e, n > 0, in full or with a power of ten, whichever reads better.
func short(n int64, e int) string {
	for n%10 == 0 {
		n, e = n/10, e+1
	}
	d := len(strconv.FormatInt(n, 10)) - 1
	switch {
	case d+e <= 6 && d+e >= -4:
		return decimal(n, e, max(0, -e))
	case n == 1:
		return "10" + superscript(e)
	}
	return decimal(n, -d, d) + "×10" + superscript(d+e)
}

func superscript(e int) string {
	return strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(e))
}

// pow10 is math.Pow10 without the denormal and infinite ends.
func pow10(e int) float64 { return math.Pow10(min(308, max(-307, e))) }

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
