package plots

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/stiffnode/stiffnode/internal/durable"
)

// Formats are the formats in which figures can be saved.
var Formats = []string{"png", "svg"}

// dpi makes a figure of the default width 1440 pixels wide: sharp where it is shown at half or two thirds of that.
const dpi = 144

// Render returns a figure as the bytes of a file in one of Formats.
func Render(f *Figure, format string) ([]byte, error) {
	width := f.Width
	if !(width > 0) {
		width = defaultWidth
	}
	height := f.height(width)
	if !(width >= 50 && width <= 10_000 && height >= 50 && height <= 10_000) {
		return nil, fmt.Errorf("a figure of %g × %g points cannot be drawn; sizes are from 50 to 10000", width, height)
	}
	w, h := vg.Length(width), vg.Length(height)
	var out bytes.Buffer
	switch format {
	case "png":
		c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))}
		drawFigure(f, draw.New(c))
		if _, err := c.WriteTo(&out); err != nil {
			return nil, err
		}
	case "svg":
		c := vgsvg.New(w, h)
		drawFigure(f, draw.New(c))
		if _, err := c.WriteTo(&out); err != nil {
			return nil, err
		}
		// Where there is no DejaVu Sans, take what is as wide, and in any case a font without serifs.
		return bytes.ReplaceAll(out.Bytes(), []byte("font-family:DejaVu Sans;"), []byte("font-family:'DejaVu Sans',Verdana,sans-serif;")), nil
	default:
		return nil, fmt.Errorf("there is no format %q for figures; there are: %s", format, strings.Join(Formats, ", "))
	}
	return out.Bytes(), nil
}

// Save writes a figure to base.png and base.svg, or in the formats named.
func Save(f *Figure, base string, formats ...string) error {
	if len(formats) == 0 {
		formats = Formats
	}
	for _, format := range formats {
		if !slices.Contains(Formats, format) {
			return fmt.Errorf("there is no format %q for figures; there are: %s", format, strings.Join(Formats, ", "))
		}
	}
	for _, format := range formats {
		b, err := Render(f, format)
		if err != nil {
			return err
		}
		if err := durable.Replace(base+"."+format, b); err != nil {
			return err
		}
	}
	return nil
}
