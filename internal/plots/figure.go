// Package plots draws figures: panels of lines and markers over linear or logarithmic axes, as PNG and SVG from one
// description, the same bytes every time. It draws whatever it is given: points that are not finite, or not positive on a
// logarithmic axis, are left out, and a figure without any point is an empty frame.
//
// Figure is the general description; Fit and History make the figures of a training run.
package plots

import "image/color"

// Figure is a picture of one or more panels.
type Figure struct {
	Title  string
	Panels [][]Panel // rows of panels, from the top; rows may differ in length
	Key    []Series  // a legend above all panels, of which names and styles are used; if empty, panels have their own
	Width  float64   // points of 1/72 inch; 0 means 720
	Height float64   // points; 0 means a height that suits the panels
}

// Panel is one pair of axes and what is drawn between them.
type Panel struct {
	Title  string
	X, Y   Axis
	Series []Series
	Guides []Guide
	Lines  []Line
	Notes  []Note
	Legend Legend // of the series that have names
}

// Axis says how values are laid out.
type Axis struct {
	Label string // with the unit
	Log   bool

	// Min and Max bound the axis. If both are 0, or where one is NaN, the data bound it, with a margin. Bounds that make no
	// sense (not increasing, not finite, not positive on a logarithmic axis) are not used.
	Min, Max float64

	// Bare leaves out the numbers, for panels that share an axis with the one below.
	Bare bool
}

// Series is a set of points, joined by a line or marked, or both. The shorter of X and Y counts. A line is interrupted by
// points that cannot be drawn.
type Series struct {
	Name string // for the legend; without a name there is no entry
	X, Y []float64
	Style
}

// Style says how a series looks. The zero value is a solid line in the palette's next colour.
type Style struct {
	Color  color.Color // nil: the palette's, by the position among the panel's series
	Dash   Dash
	Marker Marker
	Width  float64 // of the line, in points; 0 means 1.4
	Size   float64 // the marker's diameter, in points; 0 means 4.5
}

// Dash is a kind of line.
type Dash int

const (
	Solid Dash = iota
	Dashed
	Dotted
	DashDot
	NoLine
)

// Marker is the shape that marks a point.
type Marker int

const (
	NoMarker Marker = iota
	Disc
	Circle // open
	Square
	Triangle
	Diamond
	TriangleDown
	Cross
	Plus
)

// MarkerAt returns a marker for the i-th of several series, so that they can be told apart without colours.
func MarkerAt(i int) Marker {
	shapes := [...]Marker{Disc, Square, Triangle, Diamond, TriangleDown, Circle, Cross, Plus}
	return shapes[((i%len(shapes))+len(shapes))%len(shapes)]
}

// Guide is a straight line between logarithmic axes, y ∝ x^Slope from the point (X, Y) to x = To, to compare
// an order of convergence with. To = 0 means a decade and a half to the right.
type Guide struct {
	Slope    float64
	X, Y, To float64
	Label    string
}

// Line is a reference line across the panel: at y = At, or at x = At if Vertical.
type Line struct {
	At       float64
	Vertical bool
	Label    string
	Color    color.Color // nil: grey
}

// Note is text whose left edge (with Right, the right edge) is at a point.
type Note struct {
	X, Y  float64
	Text  string
	Color color.Color // nil: dark grey
	Right bool
}

// Legend is a place for a legend.
type Legend int

const (
	LegendAuto   Legend = iota // inside where it covers no data; or else right of the panel, or if there are columns, above all
	LegendInside               // where it covers the least
	LegendRight                // to the right of the panel
	LegendNone
)
