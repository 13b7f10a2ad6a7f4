package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawFigure draws a figure on a canvas, and returns its panels as they were laid out.
func drawFigure(f *Figure, c draw.Canvas) (panels []*panelView) {
	c.FillPolygon(white, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
	h := newHeader(f, c)
	views := make([][]*panelView, len(f.Panels))
	for r := range f.Panels {
		for k := range f.Panels[r] {
			v := newPanelView(&f.Panels[r][k], h.sizes)
			if h.key != nil {
				v.legend, v.outside = nil, false
			}
			views[r] = append(views[r], v)
		}
	}
	layout(f, c, views, h.height())
	if crowded := crowdedLegends(views); crowded != nil {
		if columnsOf(f) == 1 {
			for _, v := range crowded {
				v.outside = true
			}
		} else {
			h.key = sharedLegend(views, h.sizes.legend)
		}
		layout(f, c, views, h.height())
	}
	h.draw()
	for _, row := range views {
		for _, v := range row {
			v.draw()
			panels = append(panels, v)
		}
	}
	return panels
}

func (v *panelView) draw() {
	v.drawGrid()
	for i := range v.panel.Guides {
		v.drawGuide(&v.panel.Guides[i], false)
	}
	for i := range v.panel.Series {
		v.drawSeries(&v.panel.Series[i], i)
	}
	for i := range v.panel.Lines {
		v.drawLine(&v.panel.Lines[i])
	}
	v.drawAxes()
	for i := range v.panel.Guides {
		v.drawGuide(&v.panel.Guides[i], true)
	}
	for i := range v.panel.Notes {
		n := &v.panel.Notes[i]
		if drawable(n.X, v.x.log) && drawable(n.Y, v.y.log) {
			v.textAt(n.Text, v.point(n.X, n.Y), n.Color, n.Right)
		}
	}
	if v.legend == nil {
		return
	}
	if v.outside {
		v.legend.draw(&v.Canvas, vg.Point{X: v.Max.X + gapX, Y: v.Max.Y}, false)
		return
	}
	corner, _ := v.legend.place(v)
	v.legend.draw(&v.Canvas, corner, true)
}

// point returns the place of drawable values.
func (v *panelView) point(x, y float64) vg.Point {
	return vg.Point{X: v.X(v.x.at(x)), Y: v.Y(v.y.at(y))}
}

func (v *panelView) drawGrid() {
	line := stroke(gridInk, 0.5, Solid)
	for _, t := range v.xTicks {
		if x := v.X(v.x.at(t.value)); t.label != "" {
			v.StrokeLine2(line, x, v.Min.Y, x, v.Max.Y)
		}
	}
	for _, t := range v.yTicks {
		if y := v.Y(v.y.at(t.value)); t.label != "" {
			v.StrokeLine2(line, v.Min.X, y, v.Max.X, y)
		}
	}
}

func (v *panelView) drawAxes() {
	line := stroke(frameInk, 0.7, Solid)
	numbers := ink(v.tick, textInk)
	numbers = middle(numbers)
	for _, t := range v.xTicks {
		x, length := v.X(v.x.at(t.value)), vg.Length(minorLength)
		if t.label != "" {
			length = tickLength
			if !v.panel.X.Bare {
				v.FillText(numbers, vg.Point{X: x, Y: v.Min.Y - tickLength - tickGap - lineHeight(v.tick)/2}, t.label)
			}
		}
		v.StrokeLine2(line, x, v.Min.Y, x, v.Min.Y-length)
	}
	numbers.XAlign = draw.XRight
	for _, t := range v.yTicks {
		y, length := v.Y(v.y.at(t.value)), vg.Length(minorLength)
		if t.label != "" {
			length = tickLength
			if !v.panel.Y.Bare {
				v.FillText(numbers, vg.Point{X: v.Min.X - tickLength - tickGap, Y: y}, t.label)
			}
		}
		v.StrokeLine2(line, v.Min.X, y, v.Min.X-length, y)
	}
	v.StrokeLines(line, []vg.Point{v.Min, {X: v.Max.X, Y: v.Min.Y}, v.Max, {X: v.Min.X, Y: v.Max.Y}, v.Min, {X: v.Max.X, Y: v.Min.Y}})

	label := middle(ink(v.label, textInk))
	line2 := lineHeight(v.label)
	if s := v.xText(); s != "" {
		v.FillText(label, vg.Point{X: v.Center().X, Y: v.Min.Y - v.need.bottom + line2/2}, s)
	}
	if v.panel.Y.Label != "" {
		turned := label
		turned.Rotation = math.Pi / 2
		v.FillText(turned, vg.Point{X: v.Min.X - v.need.left + line2/2, Y: v.Center().Y}, v.panel.Y.Label)
	}
	above := v.Max.Y + labelGap/2 + line2/2
	if v.panel.Title != "" {
		v.FillText(label, vg.Point{X: v.Center().X, Y: above}, v.panel.Title)
	}
	if s := v.yFactorShown(); s != "" {
		at := max(v.Min.X, v.Min.X-v.need.left+numbers.Width(s)) // above the numbers, or if it is longer, above the frame too
		v.FillText(numbers, vg.Point{X: at, Y: above}, s)
	}
}

// runs returns the places of a series' points, cut where a point cannot be drawn.
func (v *panelView) runs(s *Series) [][]vg.Point {
	var runs [][]vg.Point
	var run []vg.Point
	for k := range min(len(s.X), len(s.Y)) {
		if drawable(s.X[k], v.x.log) && drawable(s.Y[k], v.y.log) {
			run = append(run, v.point(s.X[k], s.Y[k]))
		} else if run != nil {
			runs, run = append(runs, run), nil
		}
	}
	if run != nil {
		runs = append(runs, run)
	}
	return runs
}

func (v *panelView) drawSeries(s *Series, i int) {
	style := s.resolved(i)
	for _, run := range v.runs(s) {
		if style.Dash != NoLine && len(run) > 1 {
			line := stroke(style.Color, vg.Length(style.Width), style.Dash)
			for _, part := range v.ClipLinesXY(thin(run)) {
				v.StrokeLines(line, pieces(part, style.Dash)...)
			}
		}
		if style.Dash != NoLine && style.Marker == NoMarker && len(run) == 1 && v.Contains(run[0]) {
			dot := style // a line of one point would not be seen
			dot.Marker, dot.Size = Disc, 2*style.Width
			dot.mark(&v.Canvas, run[0])
		}
		if style.Marker == NoMarker {
			continue
		}
		type spot struct{ x, y int }
		taken := map[spot]bool{} // markers on the same spot are one
		for _, p := range run {
			at := spot{int(4 * p.X), int(4 * p.Y)}
			if v.Contains(p) && !taken[at] {
				taken[at] = true
				style.mark(&v.Canvas, p)
			}
		}
	}
}

// thin leaves out the points of a long line that cannot be seen: of those in one narrow column the first, the last, the
// lowest and the highest are kept.
func thin(line []vg.Point) []vg.Point {
	const long, column = 2000, 0.5
	if len(line) <= long {
		return line
	}
	var out []vg.Point
	for i := 0; i < len(line); {
		j, lo, hi := i+1, i, i
		for ; j < len(line) && math.Abs(float64(line[j].X-line[i].X)) < column; j++ {
			if line[j].Y < line[lo].Y {
				lo = j
			}
			if line[j].Y > line[hi].Y {
				hi = j
			}
		}
		out = append(out, line[i])
		for _, k := range [...]int{min(lo, hi), max(lo, hi), j - 1} {
			if line[k] != out[len(out)-1] {
				out = append(out, line[k])
			}
		}
		i = j
	}
	return out
}

// pieces cuts a long solid line into short ones, which overlap so that no joint is seen: the rasteriser's time grows with the
// square of the number of times that one path crosses a row of pixels.
func pieces(line []vg.Point, d Dash) [][]vg.Point {
	const most = 64
	if d != Solid || len(line) <= most {
		return [][]vg.Point{line}
	}
	var parts [][]vg.Point
	for i := 0; i+2 < len(line); i += most - 2 {
		parts = append(parts, line[i:min(i+most, len(line))])
	}
	return parts
}

func (v *panelView) drawLine(l *Line) {
	c := l.Color
	if c == nil {
		c = Black
	}
	line := stroke(c, 1, Dashed)
	switch {
	case l.Vertical && v.x.shows(l.At):
		x := v.X(v.x.at(l.At))
		v.StrokeLine2(line, x, v.Min.Y, x, v.Max.Y)
		v.textAt(l.Label, vg.Point{X: x + 3, Y: v.Max.Y - 0.9*v.tick}, c, false)
	case !l.Vertical && v.y.shows(l.At):
		y := v.Y(v.y.at(l.At))
		v.StrokeLine2(line, v.Min.X, y, v.Max.X, y)
		v.textAt(l.Label, vg.Point{X: v.Max.X - 4, Y: y + 0.85*v.tick}, c, true)
	}
}

// drawGuide draws a guide, which belongs below the data, or its label, which belongs above them.
func (v *panelView) drawGuide(g *Guide, label bool) {
	to := g.To
	if !(to > 0) {
		to = g.X * math.Pow(10, 1.5)
	}
	end := g.Y * math.Pow(to/g.X, g.Slope)
	if !drawable(g.X, true) || !drawable(g.Y, true) || !drawable(to, true) || !drawable(end, true) {
		return
	}
	for _, part := range v.ClipLinesXY([]vg.Point{v.point(g.X, g.Y), v.point(to, end)}) {
		if !label {
			v.StrokeLines(stroke(Grey, 1, Dashed), part)
			continue
		}
		middle := part[0].Add(part[len(part)-1]).Scale(0.5)
		rising := (part[len(part)-1].Y-part[0].Y)*(part[len(part)-1].X-part[0].X) > 0
		beside := vg.Point{X: 4, Y: 0.7 * v.tick} // above the line, on the side from which it rises
		if rising {
			beside.X = -4
		}
		v.textAt(g.Label, middle.Add(beside), nil, rising)
	}
}

// textAt writes a note beside a point, moved into the panel if it would leave it.
func (v *panelView) textAt(s string, at vg.Point, c color.Color, right bool) {
	if s == "" || !v.Contains(at) && (at.X < v.Min.X-20 || at.X > v.Max.X+20 || at.Y < v.Min.Y-20 || at.Y > v.Max.Y+20) {
		return
	}
	style := ink(v.tick, frameInk)
	if c != nil {
		style.Color = c
	}
	w, h := style.Width(s), 1.15*lineHeight(v.tick)
	if right {
		at.X -= w
	}
	at.X = max(v.Min.X+2, min(v.Max.X-2-w, at.X))
	at.Y = max(v.Min.Y+h/2, min(v.Max.Y-h/2, at.Y))
	x0, y0, x1, y1 := at.X-1, at.Y-h/2, at.X+w+1, at.Y+h/2
	v.FillPolygon(veil, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
	v.FillText(style, at, s)
}
