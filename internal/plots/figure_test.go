package plots

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// sampler is a figure with a little of everything.
func sampler() *Figure {
	var convergence Panel
	convergence.Title = "convergence"
	convergence.X, convergence.Y = Axis{Label: "h", Log: true}, Axis{Label: "error", Log: true}
	for i := range 3 {
		s := Series{Name: fmt.Sprintf("order %d", i+2), Style: Style{Marker: MarkerAt(i), Dash: Dash(i)}}
		for k := range 8 {
			h := math.Pow(2, -float64(k))
			s.X, s.Y = append(s.X, h), append(s.Y, math.Pow(h, float64(i+2)))
		}
		convergence.Series = append(convergence.Series, s)
	}
	convergence.Guides = []Guide{{Slope: 3, X: 0.01, Y: 1e-6, Label: "h³"}}
	wave := Panel{X: Axis{Label: "t [s]"}, Y: Axis{Label: "y"}, Lines: []Line{{At: 0.5, Label: "half"}, {At: 3, Vertical: true, Label: "three"}}, Notes: []Note{{X: 1, Y: 0, Text: "note"}, {X: 1, Y: 0, Text: "left", Right: true}}}
	s := Series{Name: "sine"}
	for k := range 5000 {
		t := float64(k) / 500
		s.X, s.Y = append(s.X, t), append(s.Y, 1e-5*math.Sin(t*20))
	}
	wave.Series = []Series{s}
	return &Figure{Title: "figure", Panels: [][]Panel{{convergence, wave}, {wave}}}
}

func render(t *testing.T, f *Figure, format string) []byte {
	t.Helper()
	b, err := Render(f, format)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// picture renders a figure as pixels, and as SVG, of which it checks that it is XML and has numbers that browsers take.
func picture(t *testing.T, f *Figure) image.Image {
	t.Helper()
	svg := render(t, f, "svg")
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("SVG: %v", err)
		}
	}
	if i := strings.Index(string(svg), "NaN"); i >= 0 || bytes.Contains(svg, []byte("Inf,")) {
		t.Errorf("SVG with numbers that are none: …%.100s", svg[max(0, i):])
	}
	im, err := png.Decode(bytes.NewReader(render(t, f, "png")))
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func TestFiguresAreTheSameBytesEveryTime(t *testing.T) {
	for _, format := range Formats {
		if !bytes.Equal(render(t, sampler(), format), render(t, sampler(), format)) {
			t.Errorf("two %s of the same figure differ", format)
		}
	}
}

func TestSave(t *testing.T) {
	base := filepath.Join(t.TempDir(), "fit")
	if err := Save(sampler(), base); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats {
		b, err := os.ReadFile(base + "." + format)
		if err != nil || !bytes.Equal(b, render(t, sampler(), format)) {
			t.Errorf("%s: %d bytes, %v", format, len(b), err)
		}
	}
	if err := Save(sampler(), base, "png", "gif"); err == nil || !strings.Contains(err.Error(), "png, svg") {
		t.Errorf("gif: %v", err)
	}
	if err := Save(sampler(), filepath.Join(base, "no", "folder")); err == nil {
		t.Error("saved into a folder that is not there")
	}
	for _, f := range []*Figure{{Width: 1e9}, {Width: 10}, {Height: 1e6}, {Panels: make([][]Panel, 1000)}} {
		if _, err := Render(f, "png"); err == nil {
			t.Errorf("a figure of %g × %g was drawn", f.Width, f.Height)
		}
	}
}

func TestWhateverIsGivenIsDrawn(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	values := [][]float64{
		nil, {}, {0}, {3}, {-1, 0, -2}, {7, 7, 7}, {nan, nan}, {inf, 2, -inf}, {1e300, -1e300, 1.7e308}, {5e-324, 1e-320, 0},
		{1e-200, 1, 1e200}, {1, 1 + 1e-9, 1 + 3e-9}, {1, 1 + 1e-16, 1}, {3.1, 3.5, 4.2}, {1e9, 1e9 + 1, 1e9 + 2},
	}
	for _, log := range []bool{false, true} {
		var rows [][]Panel
		for i, y := range values {
			if i%8 == 0 {
				rows = append(rows, nil)
			}
			p := Panel{
				X: Axis{Label: "x", Log: log}, Y: Axis{Label: "y", Log: log},
				Series: []Series{{Name: "s", X: y, Y: y, Style: Style{Marker: MarkerAt(i)}}, {X: []float64{1, 2, 3}, Y: y}},
				Lines:  []Line{{At: nan}, {At: -1, Label: "minus one"}, {At: inf, Vertical: true}},
				Guides: []Guide{{}, {Slope: 1e9, X: 1, Y: 1}, {Slope: nan, X: 1, Y: 1}, {Slope: -2, X: 1, Y: 1, To: 0.1, Label: "guide"}},
				Notes:  []Note{{X: nan, Text: "nowhere"}, {X: 1, Y: 1, Text: "somewhere"}, {}},
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], p)
		}
		picture(t, &Figure{Panels: rows})
	}
	bounds := []Axis{{Min: 1}, {Max: 1}, {Min: 2, Max: 1}, {Min: nan, Max: 2}, {Min: -inf, Max: inf}, {Min: -1, Max: 1, Log: true}, {Min: 1, Max: 1 + 1e-15}, {Min: 1e-300, Max: 1e300, Log: true}}
	var row []Panel
	for _, a := range bounds {
		row = append(row, Panel{X: a, Y: a, Series: []Series{{Name: strings.Repeat("long ", 20), X: []float64{1, 2, 3}, Y: []float64{1, 4, 9}, Style: Style{Width: nan, Size: -1, Dash: 99, Marker: 99}}}})
	}
	picture(t, &Figure{Title: strings.Repeat("title ", 60) + "\x00\x1b日本\xff", Panels: [][]Panel{row, nil, row[:1]}})
	picture(t, &Figure{})
	picture(t, &Figure{Panels: [][]Panel{nil}, Key: []Series{{Name: strings.Repeat("k", 500)}, {Name: "k"}}, Width: 50, Height: 50})
}

// views draws a figure and returns its panels as they were laid out.
func views(f *Figure) []*panelView {
	return drawFigure(f, draw.New(vgsvg.New(defaultWidth, vg.Length(f.height(defaultWidth)))))
}

func pixel(im image.Image, v *panelView, x, y float64) color.NRGBA {
	p := v.point(x, y)
	const scale = dpi / 72.0
	return color.NRGBAModel.Convert(im.At(int(math.Round(float64(p.X)*scale)), im.Bounds().Dy()-int(math.Round(float64(p.Y)*scale)))).(color.NRGBA)
}

func TestPointsAreWhereTheAxesSay(t *testing.T) {
	for _, log := range []bool{false, true} {
		x, y := []float64{0.01, 1, 20, 1000}, []float64{1e-5, 1e-2, 3e-5, 1}
		f := &Figure{Panels: [][]Panel{{{X: Axis{Log: log}, Y: Axis{Log: log}, Series: []Series{{X: x, Y: y, Style: Style{Dash: NoLine, Marker: Disc, Size: 8, Color: Vermillion}}}}}}}
		im, v := picture(t, f), views(f)[0]
		for k := range x {
			if got := pixel(im, v, x[k], y[k]); got != Vermillion {
				t.Errorf("log %t: the pixel at (%g, %g) is %v", log, x[k], y[k], got)
			}
		}
	}
}

func TestLinesJoinPointsButNotAcrossGaps(t *testing.T) {
	nan := math.NaN()
	f := &Figure{Panels: [][]Panel{{{Series: []Series{{X: []float64{0, 2, 3, 4, 6}, Y: []float64{0, 2, nan, 4, 6}, Style: Style{Width: 6, Color: Green}}}}}}}
	im, v := picture(t, f), views(f)[0]
	for _, c := range []struct {
		at  float64
		ink bool
	}{{1, true}, {3, false}, {5, true}} {
		if got := pixel(im, v, c.at, c.at); (got == Green) != c.ink {
			t.Errorf("at %g the pixel is %v", c.at, got)
		}
	}
}

func TestNothingLeavesTheFrame(t *testing.T) {
	inf := math.Inf(1)
	wild := Series{Name: "wild", Style: Style{Marker: Disc, Color: Purple, Width: 3}}
	for k := range 200 {
		wild.X = append(wild.X, float64(k)/10)
		wild.Y = append(wild.Y, 1e3*math.Sin(float64(k)))
	}
	wild.Y[50], wild.Y[100], wild.Y[150] = 1e300, -1e300, inf
	panel := Panel{X: Axis{Min: 5, Max: 15, Label: "x"}, Y: Axis{Min: -10, Max: 10, Label: "y"}, Legend: LegendNone, Series: []Series{wild}}
	empty := panel
	empty.Series = nil
	f, g := &Figure{Panels: [][]Panel{{panel}}}, &Figure{Panels: [][]Panel{{empty}}}
	a, b, v := picture(t, f), picture(t, g), views(f)[0]
	const scale, markers = dpi / 72.0, 6 // pixels that half a marker on the frame may take
	inside := image.Rect(int(float64(v.Min.X)*scale)-markers, a.Bounds().Dy()-int(float64(v.Max.Y)*scale)-markers,
		int(float64(v.Max.X)*scale)+markers, a.Bounds().Dy()-int(float64(v.Min.Y)*scale)+markers)
	within := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) == b.At(x, y) {
				continue
			}
			if !(image.Point{x, y}).In(inside) {
				t.Fatalf("pixel (%d, %d) outside the frame %v was drawn", x, y, inside)
			}
			within++
		}
	}
	if within == 0 {
		t.Error("nothing was drawn in the frame")
	}
}

// Long lines are drawn from fewer points, which must not show.
func TestThinnedLinesKeepTheirExtremes(t *testing.T) {
	s := Series{Style: Style{Color: Blue}}
	for k := range 100_000 {
		s.X, s.Y = append(s.X, float64(k)), append(s.Y, math.Sin(float64(k)))
	}
	s.Y[777], s.Y[50_001] = 5, -7
	f := &Figure{Panels: [][]Panel{{{Series: []Series{s}}}}}
	v := views(f)[0]
	full := v.runs(&s)[0]
	short := thin(full)
	if len(short) > 4*1500 {
		t.Errorf("%d of %d points were kept", len(short), len(full))
	}
	has := map[[2]float64]bool{}
	for i, p := range short {
		has[[2]float64{float64(p.X), float64(p.Y)}] = true
		if i > 0 && p.X < short[i-1].X {
			t.Fatal("the order was changed")
		}
	}
	for _, k := range []int{0, 777, 50_001, len(full) - 1} {
		if p := full[k]; !has[[2]float64{float64(p.X), float64(p.Y)}] {
			t.Errorf("point %d was left out", k)
		}
	}
	n := 0
	for _, part := range pieces(short, Solid) {
		for i := 1; i < len(part); i++ {
			n++
		}
	}
	if n < len(short)-1 {
		t.Errorf("the pieces have %d of %d segments", n, len(short)-1)
	}
}

func TestLegendsCoverNoData(t *testing.T) {
	// Data along the upper, right and lower edges leave room on the left.
	s := Series{Name: "s", X: []float64{0, 10, 10, 0}, Y: []float64{0, 0, 10, 10}}
	f := &Figure{Panels: [][]Panel{{{Series: []Series{s}}}}}
	v := views(f)[0]
	corner, covered := v.legend.place(v)
	if v.outside || covered != 0 || corner.X > v.Center().X {
		t.Errorf("the legend stands at %v and covers %d points", corner, covered)
	}
	// Data everywhere leave none.
	for k := range 4000 {
		s.X, s.Y = append(s.X, float64(k%60)/6), append(s.Y, float64(k/60)/6)
	}
	f.Panels[0][0].Series[0] = s
	if v := views(f)[0]; !v.outside {
		t.Error("the legend stands on data")
	}
	f.Panels[0] = append(f.Panels[0], f.Panels[0][0])
	if vs := views(f); vs[0].legend != nil || vs[1].legend != nil {
		t.Error("the legends of two columns were not joined above them")
	}
}

func TestNumbersDoNotOverlapEachOther(t *testing.T) {
	for _, columns := range []int{1, 2, 4, 6} {
		var row []Panel
		for k := range columns {
			x := []float64{math.Pow(10, float64(-k)), 3e4 * math.Pow(7, float64(k))}
			row = append(row, Panel{X: Axis{Log: k%2 == 0}, Series: []Series{{X: x, Y: x}}})
		}
		for _, v := range views(&Figure{Panels: [][]Panel{row}}) {
			style := ink(v.tick, textInk)
			end := math.Inf(-1)
			for _, k := range labelled(v.xTicks) {
				half := float64(style.Width(k.label)) / 2
				at := float64(v.X(v.x.at(k.value)))
				if at-half < end {
					t.Errorf("%d columns: %q stands on the number before it", columns, k.label)
				}
				end = at + half
			}
			if len(labelled(v.xTicks)) < 2 || len(labelled(v.yTicks)) < 2 {
				t.Errorf("%d columns: an axis with less than two numbers", columns)
			}
		}
	}
}

func TestColours(t *testing.T) {
	seen := map[color.Color]bool{}
	for i := range 9 {
		seen[Palette(i)] = true
	}
	if len(seen) != 9 || Palette(9) != Palette(0) || Palette(-1) != Palette(8) {
		t.Error("the palette does not have nine colours, in turn")
	}
	seen = map[color.Color]bool{}
	light := -1.0
	for i := range 12 {
		c := Sequence(i, 12)
		seen[c] = true
		r, g, b, _ := c.RGBA()
		if l := 0.2126*float64(r) + 0.7152*float64(g) + 0.0722*float64(b); l <= light {
			t.Errorf("colour %d of a sequence is not lighter than the one before", i)
		} else {
			light = l
		}
	}
	if len(seen) != 12 || Sequence(0, 1) != Sequence(0, 5) || Sequence(7, 3) != Sequence(2, 3) {
		t.Error("a sequence does not have the colours it should")
	}
}
