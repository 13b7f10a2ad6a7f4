package plots

import (
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Measures of a figure, in points.
const (
	defaultWidth = 720
	edge         = 8.0        // around the figure
	gapX, gapY   = 12.0, 12.0 // between panels
	tickLength   = 3.5
	minorLength  = 2.0
	tickGap      = 3.0 // between a tick and its number
	labelGap     = 4.0 // between numbers and the axis's label
	minorRoom    = 4.5 // least distance of minor ticks
)

// sizes are the sizes of text; a figure of many panels has smaller ones.
type sizes struct{ title, label, tick, legend vg.Length }

func sizesFor(columns int) sizes {
	switch {
	case columns >= 5:
		return sizes{11, 8, 7, 8.5}
	case columns >= 3:
		return sizes{12, 9, 8, 9}
	}
	return sizes{13, 10.5, 9, 9.5}
}

// margins are what a panel needs around its frame.
type margins struct{ left, right, bottom, top vg.Length }

func (m *margins) widen(o margins) {
	m.left, m.right, m.bottom, m.top = max(m.left, o.left), max(m.right, o.right), max(m.bottom, o.bottom), max(m.top, o.top)
}

// panelView is a panel with its scales, ticks and place.
type panelView struct {
	panel *Panel
	sizes
	x, y             scale
	xTicks, yTicks   []tick
	xFactor, yFactor string
	need             margins
	legend           *legend
	outside          bool // the legend stands to the right of the frame
	draw.Canvas           // the frame's inside
}

func newPanelView(p *Panel, sz sizes) *panelView {
	v := &panelView{panel: p, sizes: sz}
	xs, ys := newSpan(), newSpan()
	for i := range p.Series {
		s := &p.Series[i]
		for k := range min(len(s.X), len(s.Y)) {
			if drawable(s.X[k], p.X.Log) && drawable(s.Y[k], p.Y.Log) && p.X.inBounds(s.X[k]) {
				xs.add(s.X[k])
				ys.add(s.Y[k])
			}
		}
	}
	for _, l := range p.Lines {
		if l.Vertical && drawable(l.At, p.X.Log) {
			xs.add(l.At)
		} else if !l.Vertical && drawable(l.At, p.Y.Log) {
			ys.add(l.At)
		}
	}
	v.x, v.y = newScale(p.X, xs), newScale(p.Y, ys)
	v.legend = newLegend(p.Series, sz.legend)
	if p.Legend == LegendNone {
		v.legend = nil
	}
	v.outside = v.legend != nil && p.Legend == LegendRight
	return v
}

// inBounds says whether a value is in the part of the axis that was asked for; what lies outside does not decide how
// large the other axis is.
func (a Axis) inBounds(v float64) bool {
	if a.Min == 0 && a.Max == 0 {
		return true
	}
	return !(v < a.Min) && !(v > a.Max)
}

// setTicks chooses the ticks for a frame of the given size, and with them the margins.
func (v *panelView) setTicks(width, height vg.Length) {
	style := ink(v.tick, textInk)
	line := lineHeight(v.tick)
	beside := ticker{scale: v.x, length: float64(width), minor: minorRoom, fits: func(t []tick) bool {
		room := 0.9 * float64(v.tick)
		for i := 1; i < len(t); i++ {
			half := float64(style.Width(t[i-1].label)+style.Width(t[i].label)) / 2
			if (v.x.at(t[i].value)-v.x.at(t[i-1].value))*float64(width) < half+room {
				return false
			}
		}
		return len(t) <= 12
	}}
	above := ticker{scale: v.y, length: float64(height), minor: minorRoom, fits: func(t []tick) bool {
		for i := 1; i < len(t); i++ {
			if (v.y.at(t[i].value)-v.y.at(t[i-1].value))*float64(height) < 1.8*float64(line) {
				return false
			}
		}
		return len(t) <= 9
	}}
	v.xTicks, v.xFactor = beside.ticks()
	v.yTicks, v.yFactor = above.ticks()

	v.need = margins{left: tickLength, right: 2, bottom: tickLength, top: 2}
	if !v.panel.X.Bare {
		v.need.bottom += tickGap + line
		for _, t := range v.xTicks { // numbers may overhang at the ends
			half := style.Width(t.label) / 2
			at := vg.Length(v.x.at(t.value)) * width
			v.need.left, v.need.right = max(v.need.left, half-at), max(v.need.right, half-(width-at))
		}
	}
	if !v.panel.Y.Bare {
		widest := vg.Length(0)
		for _, t := range v.yTicks {
			widest = max(widest, style.Width(t.label))
		}
		v.need.left = max(v.need.left, tickLength+tickGap+widest)
		v.need.top = max(v.need.top, line/2)
	}
	if v.xText() != "" {
		v.need.bottom += labelGap + lineHeight(v.label)
	}
	if v.panel.Y.Label != "" {
		v.need.left += labelGap + lineHeight(v.label)
	}
	if v.panel.Title != "" || v.yFactorShown() != "" {
		v.need.top = lineHeight(v.label) + labelGap
	}
	if v.outside {
		v.need.right += gapX + v.legend.width
	}
}

// xText is the horizontal axis's label, with the common factor of its numbers.
func (v *panelView) xText() string {
	factor := v.xFactor
	if v.panel.X.Bare {
		factor = ""
	}
	switch {
	case factor == "":
		return v.panel.X.Label
	case v.panel.X.Label == "":
		return factor
	}
	return v.panel.X.Label + "   (" + factor + ")"
}

func (v *panelView) yFactorShown() string {
	if v.panel.Y.Bare {
		return ""
	}
	return v.yFactor
}

// layout gives every panel its frame, aligned in rows and columns.
func layout(f *Figure, c draw.Canvas, views [][]*panelView, top vg.Length) {
	columns := columnsOf(f)
	width, height := c.Max.X-c.Min.X-2*edge, c.Max.Y-c.Min.Y-edge-top
	frameW, frameH := (width-(vg.Length(columns)-1)*gapX)/vg.Length(columns)-40, height/vg.Length(max(1, len(views)))-30
	var cols, rows []margins
	for range 3 { // margins depend on ticks, and ticks on the room that margins leave
		cols, rows = make([]margins, columns), make([]margins, len(views))
		for r, row := range views {
			for k, v := range row {
				v.setTicks(max(20, frameW), max(20, frameH))
				cols[k].widen(margins{left: v.need.left, right: v.need.right})
				rows[r].widen(margins{bottom: v.need.bottom, top: v.need.top})
			}
		}
		used := gapX * vg.Length(columns-1)
		for _, m := range cols {
			used += m.left + m.right
		}
		frameW = max(20, (width-used)/vg.Length(columns))
		used = gapY * vg.Length(len(views)-1)
		for _, m := range rows {
			used += m.bottom + m.top
		}
		frameH = max(20, (height-used)/vg.Length(len(views)))
	}
	y := c.Max.Y - top
	for r, row := range views {
		y -= rows[r].top
		x := c.Min.X + edge
		for k, v := range row {
			x += cols[k].left
			v.Canvas = draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y - frameH}, Max: vg.Point{X: x + frameW, Y: y}}}
			x += frameW + cols[k].right + gapX
		}
		y -= frameH + rows[r].bottom + gapY
	}
}

func columnsOf(f *Figure) int {
	n := 1
	for _, row := range f.Panels {
		n = max(n, len(row))
	}
	return n
}

// height suits a figure's panels: each a little wider than high, and all of them on a page.
func (f *Figure) height(width float64) float64 {
	if f.Height > 0 {
		return f.Height
	}
	columns, rows := columnsOf(f), max(1, len(f.Panels))
	shape := 0.8
	switch {
	case columns == 1 && rows == 1:
		shape = 0.56
	case columns == 1:
		shape = 0.34
	case columns == 2:
		shape = 0.64
	}
	h := width/float64(columns)*shape*float64(rows) + 20
	if f.Title != "" {
		h += 20
	}
	if len(f.Key) > 0 {
		h += 20
	}
	return h
}

// middle returns a style for text that is centred where it stands.
func middle(s text.Style) text.Style {
	s.XAlign = draw.XCenter
	return s
}
