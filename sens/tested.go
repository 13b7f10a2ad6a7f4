package sens

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// tested is a recorded solve in which a few sensitivities take part in the error test, for methods that do not compute all of them: those to
// the initial values, which span what the solution can do, and that in one random direction of the parameters.
type tested struct {
	l          *lockstep
	p          *primal
	sizes, dir []float64
	scale      []float64
}

func newTested(s *Setup, p *primal) (*tested, error) {
	f, err := paramField(s, p.method)
	if err != nil {
		return nil, err
	}
	t := &tested{p: p, dir: make([]float64, p.m)}
	if t.l, err = newLockstep(s, newTangents(newEngine(s.Problem, f)), &p.tape, true, p.method); err != nil {
		return nil, err
	}
	t.l.keep = true
	return t, nil
}

// visit notes the nodes of an integral.
func (t *tested) visit(s *ode.Step) { t.p.nodes.step(s, len(t.p.tape.Steps)-1, t.p.k) }

// solve is primal.solve with the error test.
func (t *tested) solve(ctx context.Context, params, y0 []float64, t0, t1 float64, times []float64, integral bool) (*ode.Solution, error) {
	p := t.p
	if err := checkGradient(p.m, params, times); err != nil {
		return nil, err
	}
	if len(y0) != p.k {
		return nil, &ode.InputError{What: "initial state", Msg: fmt.Sprintf("has %d values for %d states", len(y0), p.k)}
	}
	bind(p.field, params)
	t.sizes = sizes(t.sizes, params, y0, nil, p.setup.Problem)
	seed := uint64(1)
	for i := range t.dir {
		seed = seed*6364136223846793005 + 1442695040888963407 // Knuth's linear congruential generator
		t.dir[i] = t.sizes[i]
		if seed>>63 != 0 {
			t.dir[i] = -t.dir[i]
		}
	}
	t.scale = append(append(t.scale[:0], t.sizes[p.m:]...), 1) // the direction has its sizes in it
	t.l.also = nil
	if integral {
		if p.nodes.x == nil {
			_, dense := orders(p.solver.Method())
			p.nodes.init(dense)
		}
		t.l.also = t.visit
	}
	t.l.t.fundamental(t.dir)
	return t.l.run(ctx, params, y0, t0, t1, times, t.scale, nowhere{})
}
