package data

import (
	"math"
	"slices"
)

// LogTimes says whether the times are spread over decades, so that a logarithmic time axis shows the data evenly.
//
// Within each trajectory the distribution of the times after zero is compared with the uniform one, once on a linear and once
// on a logarithmic scale, by Kolmogorov and Smirnov's distance. The times are called logarithmic if they span more than a factor of
// 20 and the distance is smaller on the logarithmic scale, on average over the trajectories weighted by their numbers of
// times. Neither irregular times nor a row at t = 0 mislead it. Times counted from another origin than zero are linear, since the
// logarithm of the time would not show them evenly.
func (s *Set) LogTimes() bool {
	const minTimes, minRatio = 4, 20
	margin, wide := 0.0, false
	for k := range s.Trajectories {
		times := s.Trajectories[k].Times
		first, _ := slices.BinarySearch(times, math.SmallestNonzeroFloat64)
		if times = times[first:]; len(times) < minTimes {
			continue
		}
		lo, hi := times[0], times[len(times)-1]
		wide = wide || hi/lo > minRatio
		linear := distanceFromUniform(times, func(t float64) float64 { return (t - lo) / (hi - lo) })
		log := distanceFromUniform(times, func(t float64) float64 { return math.Log(t/lo) / math.Log(hi/lo) })
		margin += float64(len(times)) * (linear - log)
	}
	return wide && margin > 0
}

// distanceFromUniform is the largest difference between the distribution of the times, taken to [0, 1], and the uniform one.
func distanceFromUniform(times []float64, unit func(float64) float64) float64 {
	d, n := 0.0, float64(len(times)-1)
	for i, t := range times {
		if x := unit(t); !math.IsNaN(x) {
			d = max(d, math.Abs(x-float64(i)/n))
		}
	}
	return d
}
