package kernel

// Between s stages of n states each, whose rows follow one another, and the systems into which Newton's iteration of a collocation method falls apart: a real
// one in lane 0 of Substitution, and (s−1)/2 complex ones, one or two, in lanes 1 and 2. The other lanes are zero.

// StagesToLanes writes scale·Σ_i coef_i f_i − mass·shift·u into dst, for state j at places[j]; there is a coef_i for every stage, and entry j of u belongs to state
// j. The product of shift and u is complex.
func StagesToLanes(dst []float64, places []int32, f []float64, coef [][LaneEntry]float64, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
	n, s := len(places), len(coef)
	if n < 1 || s < 1 || len(dst) < LaneEntry*n || len(f) < s*n || len(u) < LaneEntry*n || len(mass) < n {
		panic("kernel: stages with a slice too short")
	}
	stagesToLanes(dst, places, f, coef, u, mass, scale, shift)
}

func stagesToLanesGo(dst []float64, places []int32, f []float64, coef [][LaneEntry]float64, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
	n := len(places)
	for j, place := range places {
		to, v := lanesAt(dst, place), lanesAt(u, int32(LaneEntry*j))
		product := (*laneNumber)(shift).times(v)
		for l := range to {
			sum := 0.0
			for i := range coef {
				sum += coef[i][l] * f[i*n+j]
			}
			to[l] = scale*sum - mass[j]*product[l]
		}
	}
}

// LanesToStages adds x, for state j at places[j], to entry j of u, and writes Σ_l t_il u_l into row i of z, and that and y into row i of states, for each of s
// stages. The s variables u_l are the real parts of lane 0 and of the complex systems, then the imaginary parts of these. It returns Σ |x_l w|² over states
// and lanes.
func LanesToStages(z, states, u, x []float64, places []int32, y, w, t []float64, s int) float64 {
	n := len(places)
	if n < 1 || s != 3 && s != 5 || len(t) < s*s || len(z) < s*n || len(states) < s*n || len(u) < LaneEntry*n || len(x) < LaneEntry*n || len(y) < n || len(w) < n {
		panic("kernel: stages with a slice too short, or not 3 or 5 of them")
	}
	return lanesToStages(z, states, u, x, places, y, w, t, s)
}

func lanesToStagesGo(z, states, u, x []float64, places []int32, y, w, t []float64, s int) (sum float64) {
	n := len(places)
	for j := range n {
		v, dx := lanesAt(u, int32(LaneEntry*j)), lanesAt(x, places[j])
		for l, d := range dx {
			v[l] += d
			d *= w[j]
			sum += d * d
		}
		for i := range s {
			a, row := 0.0, t[i*s:(i+1)*s]
			for l, c := range row {
				if l > s/2 { // an imaginary part
					l += 4 - s/2
				}
				a += c * v[l]
			}
			z[i*n+j] = a
			states[i*n+j] = y[j] + a
		}
	}
	return sum
}
