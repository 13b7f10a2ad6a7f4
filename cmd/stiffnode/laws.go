package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
)

type lawsCmd struct {
	Data []string `arg:"" name:"data" help:"CSV files."`
	JSON bool     `help:"One JSON object on standard output."`
	dataFlags
}

// lawOf is a law as --json prints it.
type lawOf struct {
	Law       string    `json:"law"`
	Weights   []float64 `json:"weights"`
	Violation float64   `json:"violation"`
}

func (c *lawsCmd) Run(a *app) error {
	set, err := data.ReadFilesContext(a.ctx, c.Data, c.options())
	if err != nil {
		return err
	}
	describe(a, set)
	found, why := set.FindInvariants()
	laws := make([]lawOf, len(found))
	for i, v := range found {
		laws[i] = lawOf{model.Law{Weights: v.Weights}.Format(set.States), v.Weights, v.Violation}
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(map[string]any{"states": set.States, "laws": laws})
	}
	if len(laws) == 0 {
		a.say("no linear conservation law: %s", why)
		return nil
	}
	quoted := make([]string, len(laws))
	for i, l := range laws {
		fmt.Fprintln(a.out, l.Law)
		a.say("%s is constant to %.1g of its size in every trajectory", l.Law, l.Violation)
		quoted[i] = fmt.Sprintf("%q", l.Law)
	}
	a.say("to learn a model that keeps what you believe of them:  stiffnode train --constraints auto %s%s", shell(c.Data[0]), dataWords(c.options()))
	a.say("or, in the section [constraints] of a configuration:  kind = \"projection\", laws = [%s]", strings.Join(quoted, ", "))
	return nil
}
