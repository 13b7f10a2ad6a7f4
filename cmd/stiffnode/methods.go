package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

type methodsCmd struct {
	JSON bool `help:"One JSON object per method."`
}

// methodNotes says what the table of solvers leaves open.
const methodNotes = `
stiff: the order of the dense output in stiff components; – where values between the ends of steps are as good as at these. Where there is an order, what is read
between the ends of steps (times to save, events, integrals, dense output) is held to ten times the tolerance, by shorter steps or steps that end there.

`

func (c *methodsCmd) Run(a *app) error {
	if c.JSON {
		enc := json.NewEncoder(a.out)
		for _, m := range ode.Solvers() {
			if err := enc.Encode(m.Info()); err != nil {
				return err
			}
		}
		for _, m := range sens.Methods() {
			if err := enc.Encode(m.Info()); err != nil {
				return err
			}
		}
		return nil
	}
	rows := [][]string{{"solver", "family", "order", "dense output", "stiff", "stages", "stability", "M y' = f"}}
	for _, m := range ode.Solvers() {
		i := m.Info()
		stages, mass, stiff := fmt.Sprint(i.Stages), "no", "–"
		if i.Stages == 0 {
			stages = "–"
		}
		if i.StiffDense > 0 {
			stiff = fmt.Sprint(i.StiffDense)
		}
		if i.Mass {
			mass = "yes"
		}
		rows = append(rows, []string{i.Name, i.Family, fmt.Sprintf("%d(%d)", i.Order, i.Embedded), fmt.Sprint(i.DenseOrder), stiff, stages, i.Stability, mass})
	}
	leftTable(a.out, rows)
	fmt.Fprint(a.out, methodNotes)
	rows = [][]string{{"gradient", "kind", "cost", "memory"}}
	for _, m := range sens.Methods() {
		i := m.Info()
		kind := "continuous"
		if i.Discrete {
			kind = "discrete"
		}
		rows = append(rows, []string{i.Name, kind, i.Cost, i.Memory})
	}
	leftTable(a.out, rows)
	fmt.Fprintln(a.out, "\nrefused when built:")
	rows = [][]string{{"gradient", "solvers", "with", "because"}}
	for _, r := range sens.Combinations() {
		condition := r.Condition
		if condition == "" {
			condition = "any problem"
		}
		rows = append(rows, []string{r.Gradient, strings.Join(r.Solvers, ", "), condition, r.Reason})
	}
	leftTable(a.out, rows)
	return nil
}
