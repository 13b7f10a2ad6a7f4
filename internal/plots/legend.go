package plots

import (
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend says what the series are, in one column.
type legend struct {
	entries       []Series // with resolved styles
	size          vg.Length
	style         text.Style
	width, height vg.Length
}

const (
	sample    = 20.0 // length of a line in a legend
	sampleGap = 5.0
	legendPad = 4.0
)

// newLegend makes a legend of the series that have names, of each name once; nil if there is none.
func newLegend(series []Series, size vg.Length) *legend {
	l := &legend{size: size, style: ink(size, textInk)}
	seen := map[string]bool{}
	for i, s := range series {
		if s.Name == "" || seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		l.entries = append(l.entries, Series{Name: s.Name, Style: s.resolved(i)})
		l.width = max(l.width, l.style.Width(s.Name))
	}
	if l.entries == nil {
		return nil
	}
	l.width += sample + sampleGap + 2*legendPad
	l.height = vg.Length(len(l.entries))*l.line() + 2*legendPad
	return l
}

func (l *legend) line() vg.Length { return 1.45 * l.size }

// drawEntry draws an entry; at is the left end of its sample, on the middle of the line.
func (l *legend) drawEntry(c *draw.Canvas, s *Series, at vg.Point) {
	if s.Dash != NoLine {
		c.StrokeLine2(stroke(s.Color, vg.Length(s.Width), s.Dash), at.X, at.Y, at.X+sample, at.Y)
	}
	s.mark(c, vg.Point{X: at.X + sample/2, Y: at.Y})
	c.FillText(l.style, vg.Point{X: at.X + sample + sampleGap, Y: at.Y}, s.Name)
}

// draw draws the legend with its top left corner at a point.
func (l *legend) draw(c *draw.Canvas, corner vg.Point, framed bool) {
	if framed {
		x0, y0, x1, y1 := corner.X, corner.Y-l.height, corner.X+l.width, corner.Y
		box := []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
		c.FillPolygon(veil, box)
		c.StrokeLines(stroke(gridInk, 0.6, Solid), append(box, box[0]))
	}
	at := vg.Point{X: corner.X + legendPad, Y: corner.Y - legendPad - l.line()/2}
	for i := range l.entries {
		l.drawEntry(c, &l.entries[i], at)
		at.Y -= l.line()
	}
}

// place returns the corner at which the legend covers the least of what is drawn in a panel, and how much that is: the
// number of points that lie a few pixels apart on lines, or are marked.
func (l *legend) place(v *panelView) (corner vg.Point, covered int) {
	const inset = 5
	left, right := v.Min.X+inset, v.Max.X-inset-l.width
	top, bottom := v.Max.Y-inset, v.Min.Y+inset+l.height
	covered = math.MaxInt
	points := v.inkedPoints()
	for _, at := range []vg.Point{
		{X: right, Y: top}, {X: left, Y: top}, {X: right, Y: bottom}, {X: left, Y: bottom},
		{X: (left + right) / 2, Y: top}, {X: (left + right) / 2, Y: bottom}, {X: right, Y: (top + bottom) / 2}, {X: left, Y: (top + bottom) / 2},
	} {
		n := 0
		for _, p := range points {
			if p.X > at.X-2 && p.X < at.X+l.width+2 && p.Y < at.Y+2 && p.Y > at.Y-l.height-2 {
				n++
			}
		}
		if n < covered {
			corner, covered = at, n
		}
	}
	if l.width > 0.6*(v.Max.X-v.Min.X) || l.height > 0.8*(v.Max.Y-v.Min.Y) {
		covered++ // it is in the way wherever it stands
	}
	return corner, covered
}

// inkedPoints samples what is drawn in a panel.
func (v *panelView) inkedPoints() []vg.Point {
	const apart = 3
	var points []vg.Point
	for i := range v.panel.Series {
		s := &v.panel.Series[i]
		for _, run := range v.runs(s) {
			for k, p := range run {
				points = append(points, p)
				if k == 0 || s.Dash == NoLine {
					continue
				}
				d := p.Sub(run[k-1])
				n := int(min(500, math.Hypot(float64(d.X), float64(d.Y))/apart))
				for j := 1; j < n; j++ {
					points = append(points, run[k-1].Add(d.Scale(vg.Length(j)/vg.Length(n))))
				}
			}
		}
	}
	return points
}

// crowdedLegends returns the panels of which the legends find no place that covers nothing, among those that may move.
func crowdedLegends(views [][]*panelView) (crowded []*panelView) {
	for _, row := range views {
		for _, v := range row {
			if v.legend == nil || v.outside || v.panel.Legend != LegendAuto {
				continue
			}
			if _, covered := v.legend.place(v); covered > 0 {
				crowded = append(crowded, v)
			}
		}
	}
	return crowded
}

// sharedLegend takes the legends that may move out of the panels and makes one of them.
func sharedLegend(views [][]*panelView, size vg.Length) *legend {
	var all []Series
	for _, row := range views {
		for _, v := range row {
			if v.legend != nil && v.panel.Legend == LegendAuto {
				all = append(all, v.legend.entries...)
				v.legend = nil
			}
		}
	}
	return newLegend(all, size)
}
