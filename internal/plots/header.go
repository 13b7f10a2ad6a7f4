package plots

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// header is what stands above the panels: the figure's title, and a legend that they share.
type header struct {
	sizes
	title  string
	key    *legend
	canvas draw.Canvas
}

const (
	belowTitle = 6.0
	belowKey   = 4.0
	columnGap  = 1.6 // between the entries of the legend, in units of its text
)

func newHeader(f *Figure, c draw.Canvas) *header {
	sz := sizesFor(columnsOf(f))
	return &header{sizes: sz, title: f.Title, key: newLegend(f.Key, sz.legend), canvas: c}
}

// height is how far the header reaches down from the figure's edge.
func (h *header) height() vg.Length {
	y := vg.Length(edge)
	if h.title != "" {
		y += lineHeight(h.sizes.title) + belowTitle
	}
	if h.key != nil {
		rows, _ := h.rows()
		y += vg.Length(len(rows))*h.key.line() + belowKey
	}
	return y
}

func (h *header) draw() {
	c := &h.canvas
	y := c.Max.Y - edge
	if h.title != "" {
		line := lineHeight(h.sizes.title)
		c.FillText(middle(ink(h.sizes.title, textInk)), vg.Point{X: c.Center().X, Y: y - line/2}, h.title)
		y -= line + belowTitle
	}
	if h.key == nil {
		return
	}
	rows, widths := h.rows()
	for r, row := range rows {
		at := vg.Point{X: c.Center().X - widths[r]/2, Y: y - h.key.line()/2}
		for i := range row {
			h.key.drawEntry(c, &row[i], at)
			at.X += h.entryWidth(&row[i])
		}
		y -= h.key.line()
	}
}

func (h *header) entryWidth(s *Series) vg.Length {
	return sample + sampleGap + h.key.style.Width(s.Name) + columnGap*h.key.size
}

// rows breaks the legend's entries into rows no wider than the figure.
func (h *header) rows() (rows [][]Series, widths []vg.Length) {
	room := h.canvas.Max.X - h.canvas.Min.X - 2*edge + columnGap*h.key.size
	for _, s := range h.key.entries {
		w := h.entryWidth(&s)
		if k := len(rows) - 1; k >= 0 && widths[k]+w <= room {
			rows[k] = append(rows[k], s)
			widths[k] += w
		} else {
			rows, widths = append(rows, []Series{s}), append(widths, w)
		}
	}
	for r := range widths {
		widths[r] -= columnGap * h.key.size // none after the last
	}
	return rows, widths
}
