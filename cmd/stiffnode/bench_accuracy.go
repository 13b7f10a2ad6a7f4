package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/internal/accuracy"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

type benchAccuracyCmd struct {
	Problem []string  `short:"p" sep:";" help:"Only these problems; a * stands for anything. Separated by semicolons." placeholder:"NAME"`
	Method  []string  `short:"m" sep:";" help:"Only these methods; a * stands for anything." placeholder:"NAME"`
	RTol    []float64 `name:"rtol" sep:";" help:"Only these relative tolerances." placeholder:"R"`
	Workers int       `short:"j" help:"Solves at a time; one per core if not given." placeholder:"N"`
	Cells   bool      `help:"Print every cell, not only what is wrong."`

	Amplification bool   `help:"Compute the amplification and the sizes of the problems and print them as the file that the program holds."`
	Reference     string `help:"Compute the reference solution of a problem by two methods and print it as the file that the program holds." placeholder:"NAME"`
	With          string `help:"The two methods for --reference and their tolerances." default:"Radau9:1e-13,DOP853:1e-13" placeholder:"A:R,B:R"`
}

func (c *benchAccuracyCmd) Run(a *app) error {
	switch {
	case c.Amplification:
		return c.amplification(a)
	case c.Reference != "":
		return c.reference(a)
	}
	cells, err := accuracy.Run(a.ctx, accuracy.Options{
		Problems: c.Problem, Methods: c.Method, RTols: c.RTol, Workers: c.Workers,
		Progress: func(done, total int) {
			if done%1000 == 0 || done == total {
				a.say("%d of %d cells", done, total)
			}
		},
	})
	if err != nil {
		return err
	}
	if err := accuracy.Write(a.out, cells, c.Cells); err != nil {
		return err
	}
	if accuracy.Summarise(cells).Bad() {
		return errSilent
	}
	return nil
}

func (c *benchAccuracyCmd) amplification(a *app) error {
	list := problems.Trials()
	if len(c.Problem) > 0 {
		list = nil
		for _, name := range c.Problem {
			p, err := problems.TrialByName(name)
			if err != nil {
				return err
			}
			list = append(list, p)
		}
	} else {
		fmt.Fprintln(a.out, "# name, amplification, sizes of the states; made by stiffnode bench accuracy --amplification")
	}
	for _, p := range list {
		kappa, size, err := accuracy.Amplification(a.ctx, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s,%.3g", p.Name, kappa)
		for _, v := range size {
			fmt.Fprintf(a.out, ",%.6g", v)
		}
		fmt.Fprintln(a.out)
	}
	return nil
}

func (c *benchAccuracyCmd) reference(a *app) error {
	p, err := problems.TrialByName(c.Reference)
	if err != nil {
		return err
	}
	parts := strings.Split(c.With, ",")
	var methods [2]ode.Method
	var rtol [2]float64
	if len(parts) != len(methods) {
		return usageError("--with: give two methods, as in Radau9:1e-13,DOP853:1e-13")
	}
	for i, part := range parts {
		name, r, _ := strings.Cut(part, ":")
		if methods[i], err = ode.MethodByName(name); err != nil {
			return err
		}
		if rtol[i], err = strconv.ParseFloat(r, 64); err != nil {
			return usageError(fmt.Sprintf("--with: %q is not a relative tolerance", r))
		}
	}
	return accuracy.Reference(a.ctx, a.out, p, methods, rtol)
}
