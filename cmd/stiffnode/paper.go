package main

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/stiffnode/stiffnode/internal/bench"
	"github.com/stiffnode/stiffnode/internal/paper"
)

type paperCmd struct {
	IDs        []string `arg:"" optional:"" name:"id" help:"Entries, or all; none lists them."`
	Out        string   `help:"Folder for report, figures, data and cache." default:"paper" placeholder:"DIR"`
	References string   `help:"Folder of reference material with the published histories; by default a folder named shared beside the working directory." placeholder:"DIR"`
	Fresh      bool     `help:"Run again what the cache holds."`
	Docs       string   `help:"Also write README.md's pictures and the tables of docs/performance-tables.md into this folder; minutes more." placeholder:"DIR"`
	CVODES     string   `name:"cvodes" help:"Folder into which the C baseline was built (--docs)." placeholder:"DIR"`
	Long       bool     `help:"Take as long as it needs: annealing from more seeds, the shallow network for 200 000 epochs."`
}

func (c *paperCmd) Run(a *app) error {
	if len(c.IDs) == 0 {
		rows := [][]string{{"entry", "place", "title"}}
		for _, e := range paper.Entries() {
			rows = append(rows, []string{e.ID, e.Place, e.Title})
		}
		leftTable(a.out, rows)
		return nil
	}
	entries, err := paper.Find(c.IDs)
	if err != nil {
		return usageError(err.Error())
	}
	var mu sync.Mutex
	done, err := paper.Make(a.ctx, entries, paper.Options{
		Dir: c.Out, Cores: runtime.GOMAXPROCS(0), References: bench.References(c.References), Fresh: c.Fresh, Long: c.Long,
		Say: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			a.say(format, args...)
		},
	})
	if err != nil {
		if a.ctx.Err() != nil {
			return context.Cause(a.ctx)
		}
		return err
	}
	rows := [][]string{{"entry", "claims that agree", "figures"}}
	for _, d := range done {
		rows = append(rows, []string{d.Entry.ID, d.Agreement(), d.Names()})
	}
	leftTable(a.out, rows)
	a.say("report: %s and report.md", filepath.Join(c.Out, "report.html"))
	if c.Docs != "" {
		err := paper.Docs(a.ctx, c.Docs, done, paper.DocsOptions{Report: c.Out, References: bench.References(c.References), CVODES: c.CVODES, Say: a.say})
		if err != nil {
			return err
		}
	}
	for _, b := range paper.Broken(done) {
		a.say("FAIL  %s", b)
	}
	if len(paper.Broken(done)) > 0 {
		return errSilent
	}
	return nil
}
