package problems

// Right-hand sides and Jacobians of small problems written out, for the coefficients c of their laws in the order of these: a third of the
// time of the interpreted power law, which is what the tests hold them to. Jacobians are zero before.

func roberEval(dst, y, c []float64) {
	dst, y, c = dst[:3:3], y[:3:3], c[:3:3]
	r1 := c[0] * y[0]
	r2 := c[1] * y[1] * y[2]
	r3 := c[2] * y[1] * y[1]
	dst[0] = r2 - r1
	dst[1] = r1 - r2 - r3
	dst[2] = r3
}

func roberJacobian(jac, y, c []float64) {
	jac, y, c = jac[:9:9], y[:3:3], c[:3:3]
	d2a, d2b, d3 := c[1]*y[2], c[1]*y[1], 2*c[2]*y[1]
	jac[0], jac[1], jac[2] = -c[0], d2a, d2b
	jac[3], jac[4], jac[5] = c[0], -d2a-d3, -d2b
	jac[7] = d3
}

func hiresEval(dst, y, c []float64) {
	dst, y, c = dst[:8:8], y[:8:8], c[:15:15]
	r2 := c[1] * y[0]
	r3 := c[2] * y[1]
	r4 := c[3] * y[2]
	r5 := c[4] * y[1]
	r6 := c[5] * y[2]
	r7 := c[6] * y[3]
	r8 := c[7] * y[4]
	r9 := c[8] * y[3]
	r10 := c[9] * y[4]
	r11 := c[10] * y[5]
	r12 := c[11] * y[5] * y[7]
	r13 := c[12] * y[6]
	r14 := c[13] * y[6]
	back := r13 + r14 + c[14]*y[6]
	dst[0] = r3 + r4 + c[0] - r2
	dst[1] = r2 - r3 - r5
	dst[2] = r7 + r8 - r4 - r6
	dst[3] = r5 + r6 - r7 - r9
	dst[4] = r11 + r14 - r8 - r10
	dst[5] = r9 + r10 + r13 - r11 - r12
	dst[6] = r12 - back
	dst[7] = back - r12
}

func hiresJacobian(jac, y, c []float64) {
	jac, y, c = jac[:64:64], y[:8:8], c[:15:15]
	d12a, d12b := c[11]*y[7], c[11]*y[5]
	back := c[12] + c[13] + c[14]
	jac[0], jac[1], jac[2] = -c[1], c[2], c[3]
	jac[8], jac[9] = c[1], -c[2]-c[4]
	jac[18], jac[19], jac[20] = -c[3]-c[5], c[6], c[7]
	jac[25], jac[26], jac[27] = c[4], c[5], -c[6]-c[8]
	jac[36], jac[37], jac[38] = -c[7]-c[9], c[10], c[13]
	jac[43], jac[44], jac[45], jac[46], jac[47] = c[8], c[9], -c[10]-d12a, c[12], -d12b
	jac[53], jac[54], jac[55] = d12a, -back, d12b
	jac[61], jac[62], jac[63] = -d12a, back, -d12b
}

func oregoEval(dst, y, c []float64) {
	dst, y, c = dst[:3:3], y[:3:3], c[:9:9]
	r4 := y[0] * y[1]
	dst[0] = c[0]*y[1] + y[0]*(c[1]-c[2]*y[0]) - c[3]*r4
	dst[1] = c[4]*y[2] - c[5]*y[1] - c[6]*r4
	dst[2] = c[7]*y[0] - c[8]*y[2]
}

func oregoJacobian(jac, y, c []float64) {
	jac, y, c = jac[:9:9], y[:3:3], c[:9:9]
	jac[0], jac[1] = c[1]-2*c[2]*y[0]-c[3]*y[1], c[0]-c[3]*y[0]
	jac[3], jac[4], jac[5] = -c[6]*y[1], -c[5]-c[6]*y[0], c[4]
	jac[6], jac[8] = c[7], -c[8]
}

// vanDerPolEval is van der Pol's oscillator in all its scalings.
func vanDerPolEval(dst, y, c []float64) {
	dst, y, c = dst[:2:2], y[:2:2], c[:4:4]
	dst[0] = c[0] * y[1]
	dst[1] = (c[1]-c[2]*(y[0]*y[0]))*y[1] - c[3]*y[0]
}

func vanDerPolJacobian(jac, y, c []float64) {
	jac, y, c = jac[:4:4], y[:2:2], c[:4:4]
	jac[1] = c[0]
	jac[2], jac[3] = -2*c[2]*y[0]*y[1]-c[3], c[1]-c[2]*(y[0]*y[0])
}
