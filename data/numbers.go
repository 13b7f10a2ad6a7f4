package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// numbers reads the cells of a table and sees to it that all of them mark fractions in the same way.
type numbers struct {
	tb       *table
	lay      *layout
	style    numberStyle
	row, col int            // where the style was first seen
	proof    bool           // a comma was seen that cannot mark thousands
	missing  map[string]int // how often each code for a missing value was read
}

// at returns the value in a cell.
func (n *numbers) at(row, col int) (float64, error) {
	x, style, err := parseNumber(n.tb.cell(row, col))
	if err == nil && style == plain {
		if math.IsNaN(x) {
			n.countMissing(row, col)
		}
		return x, nil
	}
	return n.careful(row, col, x, style, err, n.valueRemedy)
}

// countMissing counts the codes that say less plainly than an empty cell or NaN that a value is missing.
func (n *numbers) countMissing(row, col int) {
	code := strings.TrimSpace(n.tb.cell(row, col))
	if code == "" || strings.EqualFold(strings.TrimLeft(code, "+-"), "nan") || strings.EqualFold(code, "na") {
		return
	}
	if n.missing == nil {
		n.missing = map[string]int{}
	}
	n.missing[code]++
}

const missingRemedy = "leave the cell empty if the value is missing"

func (n *numbers) valueRemedy(row, col int, err error) string {
	switch {
	case errors.Is(err, errCensored):
		return "leave the cell empty: values known only to lie beyond a limit are not used yet"
	case errors.Is(err, errOverflow):
		return "write the numbers with more digits, or leave the cell empty"
	case !errors.Is(err, errText):
		return missingRemedy
	}
	if n.lay != nil {
		if advice := n.tb.adviseText(n.lay, col); advice != "" {
			return advice
		}
	}
	remedy := missingRemedy + ", or leave the column out with --ignore"
	if name := n.tb.names[col]; len(name) <= maxShown {
		remedy += " " + shellQuote(name)
	}
	return remedy
}

// time returns the time in a cell that holds a number.
func (n *numbers) time(row, col int) (float64, error) {
	x, style, err := parseNumber(n.tb.cell(row, col))
	if err != nil || style != plain {
		x, err = n.careful(row, col, x, style, err, func(_, _ int, err error) string {
			if errors.Is(err, errText) {
				return "times are plain numbers, counted from a common start, or all of the form 2024-05-31 13:45:00 or 13:45:00"
			}
			return "times are finite"
		})
	}
	if err == nil && math.IsNaN(x) {
		err = n.tb.fail(row, col, "the time is missing", "every row needs a time")
	}
	return x, err
}

func (n *numbers) careful(row, col int, x float64, style numberStyle, err error, remedy func(row, col int, err error) string) (float64, error) {
	cell := n.tb.cell(row, col)
	switch {
	case err != nil:
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s %v", quote(cell), err), remedy(row, col, err))
	case style == commaed && n.tb.comma == ',':
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s has a comma, which could mark the fraction or the thousands", quote(cell)),
			"write a decimal point, or separate the cells by semicolons to use decimal commas")
	case style != plain && n.style == plain:
		n.style, n.row, n.col = style, row, col
	case style != plain && style != n.style:
		first := n.tb.cell(n.row, n.col)
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s does not agree with %s in line %d: one has a decimal comma, the other a decimal point",
			quote(cell), quote(first), n.tb.lines[n.row]), "use the same mark in the whole file")
	}
	if style == commaed && !n.proof {
		n.proof = n.tb.comma == ';' || !couldBeThousands(cell)
	}
	return x, nil
}

// couldBeThousands says whether a comma could mark thousands: three digits behind it, one to three before it, no leading zero.
func couldBeThousands(cell string) bool {
	cell = strings.TrimLeft(cell, "+-−")
	before, after, _ := strings.Cut(cell, ",")
	return len(after) == 3 && strings.Trim(after, "0123456789") == "" && len(before) >= 1 && len(before) <= 3 && before[0] != '0'
}

// settle refuses commas that nothing in the file shows to be decimal ones, and says how they were read.
func (n *numbers) settle() error {
	for _, code := range sortedKeys(n.missing) {
		n.tb.say("%s was read as a missing value, in %d cells", code, n.missing[code])
	}
	if n.style != commaed {
		return nil
	}
	if !n.proof {
		return n.tb.fail(n.row, n.col, fmt.Sprintf("%s has a comma, which could mark the fraction or the thousands", quote(n.tb.cell(n.row, n.col))),
			"write a decimal point, or separate the cells by semicolons to use decimal commas")
	}
	n.tb.say("decimal commas were read as decimal points")
	return nil
}

// setTimes reads the times of all rows: numbers, or dates and clocks as seconds since the first.
func (tb *table) setTimes(lay *layout) error {
	lay.num = &numbers{tb: tb, lay: lay}
	lay.times = make([]float64, tb.numRows())
	if tb.numRows() == 0 {
		return nil
	}
	if _, kind := parseStamp(tb.cell(0, lay.time)); kind != noStamp {
		return tb.setStamps(lay, kind)
	}
	for r := range lay.times {
		if err := tb.canceled(r); err != nil {
			return err
		}
		var err error
		if lay.times[r], err = lay.num.time(r, lay.time); err != nil {
			return err
		}
	}
	return nil
}

func (tb *table) setStamps(lay *layout, kind stampKind) error {
	c := lay.time
	origin := 0.0
	for r := range lay.times {
		if err := tb.canceled(r); err != nil {
			return err
		}
		seconds, k := parseStamp(tb.cell(r, c))
		switch {
		case k == doubtfulStamp:
			return tb.fail(r, c, fmt.Sprintf("in %s the day and the month could be either way round", quote(tb.cell(r, c))), "write 2024-05-31 13:45:00, or the time since the start as a number")
		case k != kind:
			return tb.fail(r, c, fmt.Sprintf("%s is not a time like %s in line %d", quote(tb.cell(r, c)), quote(tb.cell(0, c)), tb.lines[0]), "write all times in the same way")
		case r == 0 && k == dateStamp:
			origin = seconds
		}
		lay.times[r] = seconds - origin
	}
	tb.units[c] = "s"
	if kind == dateStamp {
		tb.say("times are in seconds since %s", tb.cell(0, c))
	} else {
		tb.say("times of the form %s were read as hours, minutes and seconds, and are in seconds", tb.cell(0, c))
	}
	return nil
}

// adviseText is what to do about a column of text that may name states or trajectories; empty if the column is nothing of that kind.
func (tb *table) adviseText(lay *layout, col int) string {
	distinct := map[string]bool{}
	for r := range tb.numRows() {
		cell := tb.cell(r, col)
		if _, _, err := parseNumber(cell); !errors.Is(err, errText) {
			return ""
		}
		if distinct[cell] = true; len(distinct) > tb.numRows()/2 {
			return ""
		}
	}
	name := shellQuote(tb.names[col])
	others := slices.DeleteFunc(slices.Clone(lay.states), func(c int) bool { return c == col || !tb.isNumeric(c) })
	runs := "--trajectory " + name + " if its names are those of runs"
	out := "or --ignore " + name
	if len(distinct) == 1 {
		return "leave the column out with --ignore " + name
	}
	if len(others) != 1 {
		return runs + ", " + out
	}
	long := fmt.Sprintf("--long %s,%s if they are those of states", name, shellQuote(tb.names[others[0]]))
	if !tb.increasesWithin(lay.times, []int{col}) {
		return long + ", " + out
	}
	return "say what the column is: " + long + ", " + runs + ", " + out
}

// isNumeric says whether a column holds nothing but numbers and missing values.
func (tb *table) isNumeric(c int) bool {
	for r := range tb.numRows() {
		if _, _, err := parseNumber(tb.cell(r, c)); err != nil {
			return false
		}
	}
	return true
}

// shellQuote puts a name that a shell would split into quotes.
func shellQuote(name string) string {
	if strings.ContainsAny(name, " \t'\"$&|;<>()*?[]{}\\!#~`") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
