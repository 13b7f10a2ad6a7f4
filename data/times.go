package data

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ParseTimes reads a list of times as people write it on a command line: "0,1,2.5", or "log:1e-5:1e5:50" for 50 times from
// 1e-5 to 1e5 that are evenly spaced in log t, or "lin:0:60:20" for evenly spaced ones. Parts may be joined, as in
// "0,log:1e-5:1e5:50". The times increase strictly.
func ParseTimes(spec string) ([]float64, error) {
	var times []float64
	for part := range strings.SplitSeq(spec, ",") {
		more, err := parseTimesPart(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		times = append(times, more...)
	}
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return nil, &Error{Msg: fmt.Sprintf("times: %g follows %g", times[i], times[i-1]), Remedy: "times must increase"}
		}
	}
	return times, nil
}

func parseTimesPart(part string) ([]float64, error) {
	bad := func(msg string) error {
		return &Error{Msg: fmt.Sprintf("times: %s %s", quote(part), msg), Remedy: "write times such as 0,1,2.5 or log:1e-5:1e5:50 or lin:0:60:20"}
	}
	number := func(s string) (float64, error) {
		x, style, err := parseNumber(s)
		if err != nil || style == commaed || math.IsNaN(x) {
			return 0, bad("is not a time")
		}
		return x, nil
	}
	f := strings.Split(part, ":")
	if len(f) == 1 {
		t, err := number(part)
		return []float64{t}, err
	}
	if len(f) != 4 || f[0] != "log" && f[0] != "lin" {
		return nil, bad("is not of the form log:FROM:TO:COUNT or lin:FROM:TO:COUNT")
	}
	from, err := number(f[1])
	if err != nil {
		return nil, err
	}
	to, err := number(f[2])
	if err != nil {
		return nil, err
	}
	const most = 10_000_000
	count, err := strconv.Atoi(f[3])
	switch {
	case err != nil || count < 2 || count > most:
		return nil, bad(fmt.Sprintf("has no count from 2 to %d at its end", most))
	case from >= to || math.IsInf(to-from, 0):
		return nil, bad("does not go forward in time")
	case f[0] == "log" && from <= 0:
		return nil, bad("starts at or below zero, which has no logarithm; put the zero in front: 0,log:…")
	case f[0] == "log":
		return LogSpace(from, to, count), nil
	}
	return LinSpace(from, to, count), nil
}

// LogSpace returns n ≥ 2 values from a to b, both positive, that are evenly spaced in the logarithm. The ends are exact.
func LogSpace(a, b float64, n int) []float64 {
	x := LinSpace(math.Log10(a), math.Log10(b), n)
	for i := range x {
		x[i] = math.Pow(10, x[i])
	}
	x[0], x[n-1] = a, b
	return x
}

// LinSpace returns n ≥ 2 evenly spaced values from a to b. The ends are exact.
func LinSpace(a, b float64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = a + (b-a)*(float64(i)/float64(n-1))
	}
	x[n-1] = b
	return x
}

// Grid returns n times, of which a picture or a fresh test is made: over the span of the trajectory's times, evenly spaced, in
// log t if the set's times are logarithmic (from the first time after zero on), with the trajectory's first time in front.
func (tr *Trajectory) Grid(n int, logTimes bool) []float64 {
	first, last := tr.Times[0], tr.Times[len(tr.Times)-1]
	if n < 2 || !(last > first) {
		return slices.Clone(tr.Times[:1])
	}
	if logTimes && last > 0 {
		i, _ := slices.BinarySearch(tr.Times, math.SmallestNonzeroFloat64)
		if start := tr.Times[i]; i == 0 && start < last {
			return LogSpace(start, last, n)
		} else if start < last && n > 2 {
			return append([]float64{first}, LogSpace(start, last, n-1)...)
		}
	}
	return LinSpace(first, last, n)
}
