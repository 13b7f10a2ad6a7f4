package data

import (
	"strings"
)

// How sure a name makes that a column is the time; lower is surer.
const (
	surelyTime   = 1 // t, time
	namedTime    = 2 // timestamp, Elapsed time, Zeit
	unitTime     = 3 // hours, Minuten: the unit alone
	notTime      = 0
	noTimeColumn = -1
)

// timeWords are names of time columns, in small letters with single blanks.
var timeWords = map[string]bool{
	"timestamp": true, "time stamp": true, "timestamps": true, "times": true, "elapsed time": true, "elapsed": true, "elapsedtime": true, "time elapsed": true,
	"test time": true, "total time": true, "run time": true, "runtime": true, "reaction time": true, "relative time": true, "rel time": true, "sim time": true, "simtime": true,
	"simulation time": true, "sample time": true, "sampling time": true, "measurement time": true, "time since start": true, "time point": true, "timepoint": true, "datetime": true, "date time": true,
	"date/time": true, "date & time": true, "cycle time": true, "x value": true, "process time": true, "experiment time": true, "time of day": true, "recording time": true, "clock time": true,
	"zeit": true, "zeitstempel": true, "laufzeit": true, "versuchszeit": true, "messzeit": true, "temps": true, "tiempo": true, "tempo": true, "tijd": true, "tid": true, "czas": true, "aika": true, "čas": true,
	"время": true, "时间": true, "時間": true, "시간": true, "zaman": true,
}

// timeUnitWords are names that say a unit of time and nothing else.
var timeUnitWords = map[string]string{
	"hour": "h", "hours": "h", "hr": "h", "hrs": "h", "minute": "min", "minutes": "min", "mins": "min", "second": "s", "seconds": "s", "sec": "s", "secs": "s", "day": "d", "days": "d",
	"stunde": "h", "stunden": "h", "minuten": "min", "sekunde": "s", "sekunden": "s", "tage": "d", "heure": "h", "heures": "h", "secondes": "s", "jours": "d", "milliseconds": "ms", "microseconds": "µs",
}

// timeName takes the name of a column apart and says how surely it is the time. A unit may stand in brackets of any kind, behind a stroke, a comma, a
// blank or an underscore: time/s, Elapsed time (s), t_min.
func timeName(name, unit string) (base, baseUnit string, sure int) {
	if sure = timeBase(name); sure != notTime {
		if sure == unitTime && unit == "" {
			unit = timeUnitWords[strings.ToLower(name)]
		}
		return name, unit, sure
	}
	if unit != "" {
		return name, unit, notTime
	}
	if b, u := splitRoundUnit(name); u != "" && timeBase(b) != notTime && timeBase(b) != unitTime {
		return b, u, timeBase(b)
	}
	i := strings.LastIndexAny(name, "/_,. ")
	if i <= 0 {
		return name, unit, notTime
	}
	b, u := strings.TrimSpace(name[:i]), strings.TrimSpace(name[i+1:])
	if parsed, err := ParseUnit(u); err != nil || !parsed.IsTime() {
		return name, unit, notTime
	}
	b = strings.TrimRight(b, "/_, ")
	if sure := timeBase(b); sure == surelyTime || sure == namedTime {
		return b, u, sure
	}
	return name, unit, notTime
}

func timeBase(name string) int {
	if isTime(name) {
		return surelyTime
	}
	word := strings.ToLower(cleanName(strings.NewReplacer("_", " ", ".", " ").Replace(name)))
	switch {
	case word == "time":
		return surelyTime
	case timeWords[word]:
		return namedTime
	case timeUnitWords[word] != "":
		return unitTime
	}
	return notTime
}

// isTime says whether a column of this name is the time in every file. T is a temperature.
func isTime(name string) bool { return name == "t" || strings.EqualFold(name, "time") }

// splitRoundUnit takes "t (s)" apart.
func splitRoundUnit(name string) (string, string) {
	if i := strings.LastIndexByte(name, '('); i > 0 && strings.HasSuffix(name, ")") {
		return strings.TrimSpace(name[:i]), strings.TrimSpace(name[i+1 : len(name)-1])
	}
	return name, ""
}

// timeUnitCell is the unit of time in a cell of a row of units, with or without brackets.
func timeUnitCell(cell string) (string, bool) {
	u := unitCell(cell)
	parsed, err := ParseUnit(u)
	return u, err == nil && parsed.IsTime()
}

// unitCell takes brackets from a unit.
func unitCell(cell string) string {
	cell = cleanName(cell)
	for _, pair := range []string{"[]", "()", "{}", "<>"} {
		if len(cell) >= 2 && cell[0] == pair[0] && cell[len(cell)-1] == pair[1] {
			return strings.TrimSpace(cell[1 : len(cell)-1])
		}
	}
	return cell
}

// splitNames takes all names of a header apart from their units. Brackets behind a blank hold a unit. Brackets that follow the name at once hold a unit if
// it is known to be one, and otherwise an index, x[1], or an argument, Values[A], which is part of the name.
func splitNames(header []string) (names, units []string) {
	names, units = make([]string, len(header)), make([]string, len(header))
	bases := map[string]int{} // how many columns begin so, and how many of them have a unit in the brackets
	known := map[string]int{}
	for _, cell := range header {
		if base, inner, ok := attached(cleanName(cell)); ok {
			bases[base]++
			if isUnit(inner) {
				known[base]++
			}
		}
	}
	for c, cell := range header {
		names[c], units[c] = splitUnit(cell)
		base, inner, ok := attached(cleanName(cell))
		if !ok {
			continue
		}
		_, _, time := timeName(base, inner)
		index := !isUnit(inner) || strings.Trim(inner, "0123456789") == "" || bases[base] > 1 && known[base] < bases[base] || copasiWords[strings.ToLower(base)]
		if index && time == notTime {
			names[c], units[c] = cleanName(cell), ""
		}
	}
	return names, units
}

// copasiWords are what COPASI writes before the name of an object.
var copasiWords = map[string]bool{"values": true, "compartments": true, "initialvalues": true, "rates": true, "flux": true, "fluxes": true}

// attached takes "x[1]" apart where nothing stands before the bracket but the name.
func attached(cell string) (base, inner string, ok bool) {
	if !strings.HasSuffix(cell, "]") {
		return cell, "", false
	}
	i := strings.LastIndexByte(cell, '[')
	if i <= 0 || cell[i-1] == ' ' || i == len(cell)-2 {
		return cell, "", false
	}
	return cell[:i], strings.TrimSpace(cell[i+1 : len(cell)-1]), true
}

func isUnit(s string) bool {
	_, err := ParseUnit(s)
	return err == nil
}
