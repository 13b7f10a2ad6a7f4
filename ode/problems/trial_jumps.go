package problems

import "math"

// jumpTrials are problems whose right-hand side jumps, or whose solution ends.
func jumpTrials() []*Trial {
	return []*Trial{
		newTrial(switchedInput()).hitting(0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5),
		newTrial(notStiff(slidingSign())),
		newTrial(notStiff(endingRoot())).ending(),
		newTrial(notStiff(blowUp())).ending(),
	}
}

// switchedInput is y' = −1000 (y − u(t)), u being 1 in the first half of every unit of time and 0 in the second, continuous from the right.
func switchedInput() *Problem {
	const k = 1000.
	input := func(t float64) float64 {
		if t-math.Floor(t) < 0.5 {
			return 1
		}
		return 0
	}
	zero := func(float64, float64) float64 { return 0 }
	ivp := scalar(func(t, y float64) float64 { return -k * (y - input(t)) }, func(float64, float64) float64 { return -k }, zero)
	return known("SwitchedInput", "a first-order lag under an input that is switched at declared times", "constructed", ivp, 5, 1, func(dst []float64, t float64) {
		y, at := 0.0, 0.0
		for at < t {
			u := input(at)
			end := min(at+0.5, t)
			y = u + (y-u)*math.Exp(-k*(end-at))
			at = end
		}
		dst[0] = y
	})
}

// slidingSign is y' = ½ − sgn y from y(0) = 1: y reaches 0 at t = 2 and stays there, in the sense of Filippov.
func slidingSign() *Problem {
	ivp := scalar(func(_, y float64) float64 {
		switch {
		case y > 0:
			return -0.5
		case y < 0:
			return 1.5
		}
		return 0.5
	}, func(float64, float64) float64 { return 0 }, func(float64, float64) float64 { return 0 })
	return known("SlidingSign", "y' = ½ − sgn y", "Filippov, Differential Equations with Discontinuous Righthand Sides, Kluwer (1988)",
		ivp, 100, 1, func(dst []float64, t float64) { dst[0] = max(0, 1-t/2) })
}

// endingRoot is y' = −1/(2y) from y(0) = 1: y = √(1 − t), which ends at t = 1.
func endingRoot() *Problem {
	ivp := scalar(func(_, y float64) float64 { return -1 / (2 * y) }, func(_, y float64) float64 { return 1 / (2 * y * y) }, func(float64, float64) float64 { return 0 })
	ivp.Autonomous = true
	return known("EndingRoot", "y' = −1/(2y), whose solution ends at t = 1", "constructed", ivp, 2, 1e-3, func(dst []float64, t float64) { dst[0] = math.Sqrt(max(0, 1-t)) })
}

// blowUp is y' = y² from y(0) = 1: y = 1/(1 − t), which ends at t = 1.
func blowUp() *Problem {
	ivp := scalar(func(_, y float64) float64 { return y * y }, func(_, y float64) float64 { return 2 * y }, func(float64, float64) float64 { return 0 })
	ivp.Autonomous = true
	return known("BlowUp", "y' = y², whose solution ends at t = 1", "constructed", ivp, 2, 1, func(dst []float64, t float64) { dst[0] = 1 / max(1-t, 1e-300) })
}
