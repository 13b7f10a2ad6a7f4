package sens

import "math"

// Binomial checkpointing: with s stored states (the initial one among them) and no step executed more than r times in advance, a chain of
// β(s, r) = C(s+r, s) steps can be reversed, and a chain of l steps, β(s, r−1) < l ≤ β(s, r), takes r·l − β(s+1, r−1) steps in advance,
// which is the minimum (Griewank, Optim. Methods Softw. 1, 35, 1992; Griewank and Walther, ACM TOMS 26, 19, 2000, algorithm 799).

// beta is β(s, r), at most the largest int.
func beta(s, r int) int {
	if r < 0 || s < 0 {
		return 0
	}
	b := 1.0
	for i := 1; i <= s; i++ {
		b = b * float64(r+i) / float64(i)
		if b > math.MaxInt/4 {
			return math.MaxInt / 4
		}
	}
	return int(math.Round(b))
}

// repetitions is the smallest r with l ≤ β(s, r).
func repetitions(l, s int) int {
	r := 0
	for beta(s, r) < l {
		r++
	}
	return r
}

// advances is the least number of steps executed in advance to reverse l steps with s states.
func advances(l, s int) int {
	r := repetitions(l, s)
	return r*l - beta(s+1, r-1)
}

// split returns after how many of l > 1 steps the next of s > 1 states is best stored.
func split(l, s int) int {
	r := repetitions(l, s)
	return min(beta(s, r-1), l-beta(s-1, r-1))
}
