package plots

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"math"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours of Okabe and Ito, "Color universal design" (2008), which colour-blind people can tell apart too.
var (
	Blue       color.Color = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	Vermillion color.Color = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	Green      color.Color = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	Purple     color.Color = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
	Orange     color.Color = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	SkyBlue    color.Color = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	Black      color.Color = color.NRGBA{0x20, 0x20, 0x20, 0xff}
	Grey       color.Color = color.NRGBA{0x80, 0x80, 0x80, 0xff}
	Yellow     color.Color = color.NRGBA{0xc8, 0xba, 0x1e, 0xff} // darker than theirs, to be seen on white
)

var (
	white    = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	veil     = color.NRGBA{0xff, 0xff, 0xff, 0xd8} // behind text that may lie over data
	textInk  = color.NRGBA{0x20, 0x20, 0x20, 0xff}
	frameInk = color.NRGBA{0x70, 0x70, 0x70, 0xff}
	gridInk  = color.NRGBA{0xe4, 0xe4, 0xe4, 0xff}
)

// Palette returns the i-th colour for series of which each has its own meaning.
func Palette(i int) color.Color {
	p := [...]color.Color{Blue, Vermillion, Green, Purple, Orange, SkyBlue, Black, Yellow, Grey}
	return p[((i%len(p))+len(p))%len(p)]
}

// Sequence returns the i-th of n colours that run from dark violet over teal to a light green, for series in an order. The
// anchors are those of matplotlib's viridis (Smith and van der Walt, 2015), without its yellow end.
func Sequence(i, n int) color.Color {
	anchors := [...][3]float64{{68, 1, 84}, {62, 74, 137}, {38, 130, 142}, {53, 183, 121}, {140, 205, 65}}
	x := 0.0
	if n > 1 {
		x = min(1, max(0, float64(i)/float64(n-1))) * float64(len(anchors)-1)
	}
	k := min(int(x), len(anchors)-2)
	var c [3]uint8
	for j := range c {
		c[j] = uint8(math.Round(anchors[k][j] + (x-float64(k))*(anchors[k+1][j]-anchors[k][j])))
	}
	return color.NRGBA{c[0], c[1], c[2], 0xff}
}

// typeface is the only one used: the default of gonum/plot has no superscript minus and nine, and prints 10⁻⁵ as 10⁵.
var typeface = sync.OnceValue(func() text.Handler {
	f, err := opentype.Parse(unkerned(dejavusans.TTF))
	if err != nil {
		panic("plots: the built-in font is broken: " + err.Error()) // not reachable from input
	}
	return oneLine{text.Plain{Fonts: font.NewCache(font.Collection{{Font: font.Font{Typeface: "DejaVu"}, Face: f}})}}
})

// oneLine writes text on one line, without the control characters that XML forbids.
type oneLine struct{ text.Plain }

func (h oneLine) Lines(txt string) []string {
	return []string{strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r > '\uffef' && r < '\U00010000' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(txt, " "))}
}

func (h oneLine) Draw(c vg.Canvas, txt string, sty text.Style, at vg.Point) {
	h.Plain.Draw(c, h.Lines(txt)[0], sty, at)
}

// unkerned returns a font without its kerning, by renaming the tables in its directory: golang.org/x/image v0.30 draws kerning in
// units of the font's design whatever the size of the text (opentype.Face.Kern), which makes "Ts" one letter.
func unkerned(ttf []byte) []byte {
	const header, entry = 12, 16
	ttf = bytes.Clone(ttf)
	for i := range int(binary.BigEndian.Uint16(ttf[4:])) {
		switch tag := ttf[header+i*entry:][:4]; string(tag) {
		case "kern", "GPOS":
			tag[3]++ // keeps the directory in order
		}
	}
	return ttf
}

// ink returns a text style, aligned left, with the middle of capitals and digits at the height where it stands.
func ink(size vg.Length, c color.Color) text.Style {
	return text.Style{Color: c, Font: font.Font{Typeface: "DejaVu", Size: size}, XAlign: draw.XLeft, YAlign: -0.375, Handler: typeface()}
}

// lineHeight is the height of a line of text of some size, without space between lines.
func lineHeight(size vg.Length) vg.Length { return 1.1 * size }

func stroke(c color.Color, width vg.Length, d Dash) draw.LineStyle {
	s := draw.LineStyle{Color: c, Width: width}
	switch d {
	case Dashed:
		s.Dashes = []vg.Length{4 * width, 2.5 * width}
	case Dotted:
		s.Dashes = []vg.Length{1.2 * width, 1.8 * width}
	case DashDot:
		s.Dashes = []vg.Length{5 * width, 2 * width, 1.2 * width, 2 * width}
	}
	return s
}

// resolved fills in the defaults of a style; i is the series' position.
func (s Style) resolved(i int) Style {
	if s.Color == nil {
		s.Color = Palette(i)
	}
	if !(s.Width > 0) || s.Width > 50 {
		s.Width = 1.4
	}
	if !(s.Size > 0) || s.Size > 100 {
		s.Size = 4.5
	}
	return s
}

// mark draws a marker.
func (s Style) mark(c *draw.Canvas, at vg.Point) {
	r := vg.Length(s.Size / 2)
	line := draw.LineStyle{Color: s.Color, Width: max(0.9, 0.45*r)}
	polygon := func(corners ...float64) { // in units of the radius
		var pts []vg.Point
		for i := 0; i < len(corners); i += 2 {
			pts = append(pts, vg.Point{X: at.X + r*vg.Length(corners[i]), Y: at.Y + r*vg.Length(corners[i+1])})
		}
		c.FillPolygon(s.Color, pts)
	}
	segment := func(x, y vg.Length) { c.StrokeLine2(line, at.X-x, at.Y-y, at.X+x, at.Y+y) }
	switch s.Marker {
	case Disc:
		c.SetColor(s.Color)
		c.Fill(circle(at, r))
	case Circle:
		c.SetColor(white)
		c.Fill(circle(at, r))
		c.SetLineStyle(line)
		c.Stroke(circle(at, r-line.Width/4))
	case Square:
		polygon(-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9)
	case Triangle:
		polygon(-1.1, -0.8, 1.1, -0.8, 0, 1.2)
	case TriangleDown:
		polygon(-1.1, 0.8, 1.1, 0.8, 0, -1.2)
	case Diamond:
		polygon(0, -1.3, 1.15, 0, 0, 1.3, -1.15, 0)
	case Cross:
		segment(0.85*r, 0.85*r)
		segment(0.85*r, -0.85*r)
	case Plus:
		segment(1.1*r, 0)
		segment(0, 1.1*r)
	}
}

func circle(at vg.Point, r vg.Length) vg.Path {
	p := make(vg.Path, 0, 3)
	p.Move(vg.Point{X: at.X + r, Y: at.Y})
	p.Arc(at, r, 0, 2*math.Pi)
	p.Close()
	return p
}
