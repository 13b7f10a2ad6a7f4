package kernel

// Between five stages of n states each, whose rows follow one another, and the systems into which Newton's iteration of a collocation method falls apart: a real
// one and two complex ones, in lanes 0, 1 and 2 of Substitution. Lane 3 is zero.

// CollocationStages is the number of stages.
const CollocationStages = 5

// LanesPay says whether this processor handles the four lanes as fast as one.
func LanesPay() bool { return useAVX2 }

// LaneCoefficients has a lane entry for each stage.
type LaneCoefficients [CollocationStages][LaneEntry]float64

// StagesToLanes writes scale·Σ_i coef_i f_i − mass·shift·u into dst, for state j at places[j]; entry j of u belongs to it. The product of shift and u is complex.
func StagesToLanes(dst []float64, places []int32, f []float64, coef *LaneCoefficients, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
	n := len(places)
	if n < 1 || len(dst) < LaneEntry*n || len(f) < CollocationStages*n || len(u) < LaneEntry*n || len(mass) < n {
		panic("kernel: stages with a slice too short")
	}
	stagesToLanes(dst, places, f, coef, u, mass, scale, shift)
}

func stagesToLanesGo(dst []float64, places []int32, f []float64, coef *LaneCoefficients, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
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

// LanesToStages adds x, for state j at places[j], to entry j of u, and writes Σ_l t_il u_l into row i of z, and that and y into row i of states: l goes over the
// real parts of lanes 0, 1 and 2 and the imaginary parts of 1 and 2. It returns Σ |x_l w|² over states and lanes.
func LanesToStages(z, states, u, x []float64, places []int32, y, w []float64, t *[CollocationStages][CollocationStages]float64) float64 {
	const s = CollocationStages
	n := len(places)
	if n < 1 || len(z) < s*n || len(states) < s*n || len(u) < LaneEntry*n || len(x) < LaneEntry*n || len(y) < n || len(w) < n {
		panic("kernel: stages with a slice too short")
	}
	return lanesToStages(z, states, u, x, places, y, w, t)
}

func lanesToStagesGo(z, states, u, x []float64, places []int32, y, w []float64, t *[CollocationStages][CollocationStages]float64) (sum float64) {
	n := len(places)
	for j := range n {
		v, dx := lanesAt(u, int32(LaneEntry*j)), lanesAt(x, places[j])
		for l, d := range dx {
			v[l] += d
			d *= w[j]
			sum += d * d
		}
		for i, row := range t {
			a := row[0]*v[0] + row[1]*v[1] + row[2]*v[2] + row[3]*v[5] + row[4]*v[6]
			z[i*n+j] = a
			states[i*n+j] = y[j] + a
		}
	}
	return sum
}
