package data

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// WriteCSV writes the set as comma-separated text that ReadCSV reads back to the same bits: numbers have the fewest digits
// that identify them, missing values are empty cells. A column trajectory is written if a trajectory has a name,
// columns weight:NAME if there are weights. Notes are not written. (If the time is not called t or time, or a state is, reading back needs
// ReadOptions.Time.)
func (s *Set) WriteCSV(w io.Writer) error {
	if err := s.Check(); err != nil {
		return err
	}
	named, weighted := len(s.Trajectories) > 1, false
	for k := range s.Trajectories {
		named = named || s.Trajectories[k].Name != ""
		weighted = weighted || s.Trajectories[k].Weights != nil
	}
	for _, name := range append([]string{s.timeName()}, s.States...) {
		if strings.EqualFold(name, trajectoryColumn) || strings.HasPrefix(name, weightPrefix) {
			return &Error{Column: name, Msg: "a column of this name has a meaning of its own in a file", Remedy: "rename the state"}
		}
	}
	if named {
		for k := range s.Trajectories {
			if s.Trajectories[k].Name == "" {
				return &Error{Msg: fmt.Sprintf("trajectory number %d has no name", k+1), Remedy: "name every trajectory if there are several"}
			}
		}
	}

	b := bufio.NewWriter(w) // keeps the first error for Flush
	if named {
		b.WriteString(trajectoryColumn + ",")
	}
	b.WriteString(csvCell(headerLabel(s.timeName(), s.TimeUnit)))
	for j, name := range s.States {
		unit := ""
		if len(s.Units) > 0 {
			unit = s.Units[j]
		}
		b.WriteString("," + csvCell(headerLabel(name, unit)))
	}
	if weighted {
		for _, name := range s.States {
			b.WriteString("," + csvCell(headerLabel(weightPrefix+name, "")))
		}
	}
	b.WriteByte('\n')

	n := len(s.States)
	var digits []byte
	number := func(x float64) {
		if !math.IsNaN(x) {
			digits = strconv.AppendFloat(digits[:0], x, 'g', -1, 64)
			b.Write(digits)
		}
	}
	for k := range s.Trajectories {
		tr := &s.Trajectories[k]
		for i, t := range tr.Times {
			if named {
				b.WriteString(csvCell(tr.Name) + ",")
			}
			number(t)
			for _, x := range tr.Row(i, n) {
				b.WriteByte(',')
				number(x)
			}
			for j := 0; weighted && j < n; j++ {
				b.WriteByte(',')
				if tr.Weights != nil {
					number(tr.Weights[i*n+j])
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

// headerLabel is label, with an empty unit behind a name that would be taken for one with a unit.
func headerLabel(name, unit string) string {
	if unit == "" && strings.HasSuffix(name, "]") {
		return name + " []"
	}
	return label(name, unit)
}

// csvCell quotes text where it must be, and where a reader could take it for a comment or for other separators.
func csvCell(s string) string {
	if !strings.ContainsAny(s, "\",;\t#") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
