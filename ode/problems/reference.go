package problems

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed reference/*.csv
var referenceFiles embed.FS

// reference reads a reference solution: lines that begin with # say how it was computed, a header names the columns, rows
// hold the time and the states. The files are part of the program, so a mistake in one is a bug.
func reference(file string) (points []Point, note string) {
	data, err := referenceFiles.ReadFile("reference/" + file + ".csv")
	if err != nil {
		panic(err)
	}
	header := true
	var notes []string
	for i, line := range strings.Split(string(data), "\n") {
		switch {
		case line == "":
		case strings.HasPrefix(line, "#"):
			notes = append(notes, strings.TrimSpace(line[1:]))
		case header:
			header = false
		default:
			cells := strings.Split(line, ",")
			v := make([]float64, len(cells))
			for j, c := range cells {
				if v[j], err = strconv.ParseFloat(c, 64); err != nil {
					panic(fmt.Sprintf("reference/%s.csv:%d: %v", file, i+1, err))
				}
			}
			points = append(points, Point{T: v[0], Y: v[1:]})
		}
	}
	return points, strings.Join(notes, " ")
}
