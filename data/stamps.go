package data

import (
	"strconv"
	"strings"
	"time"
)

// stampKind says how a time that is no number is written.
type stampKind int

const (
	noStamp stampKind = iota
	dateStamp
	clockStamp
	doubtfulStamp // a date whose day and month cannot be told apart
)

// The layouts of date-times that can be read in one way alone: dots go with day, month, year.
var stampLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST",
	"2006/01/02 15:04:05", "2.1.2006 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006/01/02 15:04", "2.1.2006 15:04", "2 Jan 2006 15:04:05", "2-Jan-2006 15:04:05", "Jan 2, 2006 15:04:05",
}

// parseStamp reads a date with a time of day, or a time hh:mm:ss that may exceed a day, as seconds since an origin of their own.
func parseStamp(cell string) (seconds float64, kind stampKind) {
	cell = strings.TrimSpace(cell)
	const longest = 40
	if len(cell) > longest || strings.IndexByte(cell, ':') < 0 {
		return 0, noStamp
	}
	if s, ok := parseClock(cell); ok {
		return s, clockStamp
	}
	dotted := strings.Replace(cell, ",", ".", 1) // 12:00:00,250
	for _, layout := range stampLayouts {
		at, err := time.Parse(layout, cell)
		if err != nil {
			at, err = time.Parse(layout, dotted)
		}
		if err == nil {
			return float64(at.Unix()) + float64(at.Nanosecond())*1e-9, dateStamp
		}
	}
	for _, layout := range []string{"1/2/2006 15:04:05", "2/1/2006 15:04:05", "1/2/2006 15:04", "2/1/2006 15:04", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "1/2/06 15:04", "2/1/06 15:04"} {
		if _, err := time.Parse(layout, cell); err == nil {
			return 0, doubtfulStamp
		}
	}
	return 0, noStamp
}

// parseClock reads h:mm:ss with an optional fraction.
func parseClock(cell string) (float64, bool) {
	parts := strings.Split(cell, ":")
	if len(parts) != 3 || len(parts[0]) == 0 || len(parts[0]) > 6 || len(parts[1]) != 2 {
		return 0, false
	}
	h, err1 := strconv.ParseUint(parts[0], 10, 32)
	m, err2 := strconv.ParseUint(parts[1], 10, 32)
	fraction := strings.Replace(parts[2], ",", ".", 1)
	if len(fraction) < 2 || strings.Trim(fraction, "0123456789.") != "" || len(fraction) > 2 && fraction[2] != '.' {
		return 0, false
	}
	s, err3 := strconv.ParseFloat(fraction, 64)
	if err1 != nil || err2 != nil || err3 != nil || m > 59 || s >= 60 {
		return 0, false
	}
	return float64(h)*3600 + float64(m)*60 + s, true
}
