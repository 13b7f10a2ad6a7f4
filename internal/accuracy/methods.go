// Package accuracy puts every method through every problem with a known solution, at every tolerance, and says which answers that were called a success are
// wrong.
package accuracy

import (
	"context"
	"errors"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// A Method is a way to solve: a method of package ode, alone or in lanes.
type Method struct {
	Name string
	ode.Method
	// Lanes says that the trajectory lies in a lane of an ode.LaneSolver.
	Lanes bool
}

// Methods lists everything that can be named or built: the automatic choice, every solver, every pair that ode.AutoSwitch makes, and all of these in lanes
// where there are any.
func Methods() []Method {
	var all []ode.Method
	all = append(all, ode.Auto)
	seen := map[string]bool{}
	for _, m := range ode.Solvers() {
		all = append(all, m)
		seen[m.Info().Name] = true
	}
	for _, e := range ode.Solvers() {
		for _, i := range ode.Solvers() {
			if m, err := ode.AutoSwitch(e, i); err == nil && !seen[m.Info().Name] {
				all = append(all, m)
				seen[m.Info().Name] = true
			}
		}
	}
	var out []Method
	for _, m := range all {
		out = append(out, Method{Name: m.Info().Name, Method: m})
	}
	for _, m := range all {
		if hasLanes(m) {
			out = append(out, Method{Name: "lanes:" + m.Info().Name, Method: m, Lanes: true})
		}
	}
	return out
}

// hasLanes says whether a method can be had in lanes.
func hasLanes(m ode.Method) bool {
	p := problems.Decay()
	_, err := ode.NewLaneSolver(p.IVP, newLaneField(p.IVP), ode.Options{Method: m, RTol: 1e-3})
	var no *ode.NoLanesError
	return !errors.As(err, &no)
}

// allowance is the multiple of κ·tolerance that an answer may be off: 1000 for the methods of low or variable order that the field knows as such, 30 otherwise.
func allowance(m ode.Method) float64 {
	info := m.Info()
	if info.Order <= 2 || info.Name == ode.BDF.Info().Name {
		return 1000
	}
	return 30
}

// refuses says whether a method refuses a problem, or these options, when it is built.
func (m Method) refuses(p *problems.Trial, opt ode.Options) bool {
	opt.Method, opt.Hit = m.Method, p.Hit
	var err error
	if m.Lanes {
		_, err = ode.NewLaneSolver(p.IVP, newLaneField(p.IVP), opt)
	} else {
		_, err = ode.NewSolver(p.IVP, opt)
	}
	var in *ode.InputError
	var no *ode.NoLanesError
	return errors.As(err, &in) || errors.As(err, &no)
}

// An answer is what a solve returned as a success.
type answer struct {
	t    float64
	rows []float64 // at the times asked for
	end  []float64
}

// solve runs the method; the states are those at p.Saved and at the end.
func (m Method) solve(ctx context.Context, p *problems.Trial, opt ode.Options) (a answer, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	opt.Method = m.Method
	if m.Lanes {
		return m.solveInLane(ctx, p, opt)
	}
	opt.SaveAt, opt.Hit = p.Saved, p.Hit
	s, err := ode.NewSolver(p.IVP, opt)
	if err != nil {
		return answer{}, err
	}
	sol, err := s.Solve(ctx, p.T0, p.T1, p.Y0)
	if err != nil {
		return answer{}, err
	}
	return answer{t: sol.T, rows: sol.Y, end: sol.YEnd}, nil
}

// solveInLane solves one trajectory, in the first lane.
func (m Method) solveInLane(ctx context.Context, p *problems.Trial, opt ode.Options) (answer, error) {
	s, err := ode.NewLaneSolver(p.IVP, newLaneField(p.IVP), opt)
	if err != nil {
		return answer{}, err
	}
	tr := &ode.Trajectory{T0: p.T0, Y0: p.Y0, Times: p.Saved}
	next := func() *ode.Trajectory {
		once := tr
		tr = nil
		return once
	}
	whole := tr
	if err := s.Solve(ctx, next); err != nil {
		return answer{}, whole.Err
	}
	if whole.Err != nil {
		return answer{}, whole.Err
	}
	n := len(whole.Y) - p.IVP.Dim
	if n < 0 {
		return answer{}, nil
	}
	return answer{t: p.T1, rows: whole.Y, end: whole.Y[n:]}, nil
}

// laneField evaluates a field in the first lane, where a single trajectory lies; the others hold zeros.
type laneField struct {
	field ode.Field
	jac   *ode.Jacobian
	y, f  []float64
	dfdt  []float64
}

func newLaneField(p *ode.Problem) *laneField {
	n := p.Dim
	return &laneField{field: p.New(), jac: ode.NewJacobian(n, p.Jacobian), y: make([]float64, n), f: make([]float64, n), dfdt: make([]float64, n)}
}

func (l *laneField) gather(y []float64) {
	for i := range l.y {
		l.y[i] = y[i*ode.Lanes]
	}
}

// EvalLanes implements ode.LaneField.
func (l *laneField) EvalLanes(dst, t, y []float64) {
	l.gather(y)
	clear(dst)
	if err := l.field.Eval(l.f, t[0], l.y); err != nil {
		panic(err) // no trial has a field that rejects
	}
	for i, v := range l.f {
		dst[i*ode.Lanes] = v
	}
}

// EvalJacobianLanes implements ode.LaneField.
func (l *laneField) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	l.gather(y)
	clear(dst)
	clear(jac)
	clear(dfdt)
	if err := l.field.EvalJacobian(l.f, l.jac, l.dfdt, t[0], l.y); err != nil {
		panic(err)
	}
	n := len(l.y)
	for i, v := range l.f {
		dst[i*ode.Lanes] = v
		if dfdt != nil {
			dfdt[i*ode.Lanes] = l.dfdt[i]
		}
		for j := range n {
			jac[(j*n+i)*ode.Lanes] = l.jac.At(i, j)
		}
	}
}
