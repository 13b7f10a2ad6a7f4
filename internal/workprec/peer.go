package workprec

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A peerRun is a solve by CVODE 6.4.1 (BDF, dense, analytic Jacobian, default settings), with the scalar absolute tolerance 1e-6·rtol on
// ROBER to t = 1e5 and 1e-8·rtol on POLLU to t = 60. Its error is the largest |y − reference|/max |reference| over species and times of
// output, another than the one of this package: it compares orders of magnitude. Times are of a build with -O3 on the machine where they
// were measured.
type peerRun struct {
	rtol, err       float64
	steps, f, j, us int
}

var peers = map[string][]peerRun{
	"ROBER": {
		{1e-3, 8.4e-4, 246, 364, 5, 63}, {1e-4, 1.7e-4, 379, 565, 7, 106}, {1e-5, 4.2e-5, 520, 726, 9, 135}, {1e-6, 3.7e-6, 728, 1035, 13, 185},
		{1e-7, 9.2e-7, 1014, 1415, 18, 266}, {1e-8, 7e-8, 1325, 1853, 25, 363}, {1e-9, 1.3e-8, 1687, 2314, 31, 466}, {1e-10, 8.6e-10, 2282, 3285, 42, 667},
	},
	"POLLU": {
		{1e-3, 1.1e-3, 162, 222, 4, 112}, {1e-4, 1.5e-4, 233, 293, 5, 155}, {1e-5, 3.9e-5, 322, 433, 6, 225}, {1e-6, 2.4e-6, 441, 563, 8, 292},
		{1e-7, 4e-7, 538, 663, 10, 352}, {1e-8, 2.7e-8, 716, 863, 13, 477}, {1e-9, 5.4e-9, 953, 1091, 17, 614}, {1e-10, 5.9e-10, 1301, 1448, 23, 794},
	},
}

// WritePeers prints what CVODE needs on the problems measured, where that is known.
func (r *Result) WritePeers(w io.Writer) error {
	var b strings.Builder
	for _, p := range r.Problems {
		runs := peers[p.Name]
		if runs == nil {
			continue
		}
		fmt.Fprintf(&b, "\n%s with CVODE 6.4.1 (BDF, dense, analytic Jacobian, defaults; error relative to the largest value of each state, other interval and tolerances than above: a landmark)\n", p.Name)
		tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(tw, "rtol\terror\tsteps\tf\tJ\tµs\t\n")
		for _, c := range runs {
			fmt.Fprintf(tw, "%.0e\t%.1e\t%d\t%d\t%d\t%d\t\n", c.rtol, c.err, c.steps, c.f, c.j, c.us)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
