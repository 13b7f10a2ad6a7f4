package main

import (
	"encoding/json"
	"fmt"

	"github.com/stiffnode/stiffnode/ode/problems"
)

type problemsCmd struct {
	JSON bool `help:"One JSON object per problem."`
}

func (c *problemsCmd) Run(a *app) error {
	rows := [][]string{{"problem", "states", "parameters", "times", ""}}
	for _, p := range problems.All() {
		kind := "not stiff"
		if p.Stiff {
			kind = "stiff"
		}
		if c.JSON {
			params := map[string]float64{}
			for _, q := range p.Params {
				params[q.Name] = q.Value
			}
			if err := json.NewEncoder(a.out).Encode(map[string]any{
				"name": p.Name, "title": p.Title, "source": p.Source, "states": p.IVP.Dim, "stiff": p.Stiff, "parameters": params, "t0": p.T0, "t1": p.T1,
			}); err != nil {
				return err
			}
			continue
		}
		times := ""
		if n := len(p.Times); n > 0 {
			times = fmt.Sprintf("%d in [%g, %g]", n, p.Times[0], p.Times[n-1])
		}
		rows = append(rows, []string{p.Name, fmt.Sprint(p.IVP.Dim), fmt.Sprint(len(p.Params)), times, p.Title + ", " + kind})
	}
	if !c.JSON {
		leftTable(a.out, rows)
		a.say("\nMake data with one of them: stiffnode simulate ROBER > rober.csv")
	}
	return nil
}
