package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/stiffnode/stiffnode/internal/study"
)

type benchTrainingCmd struct {
	Seeds string   `help:"First and last seed." default:"1:5" placeholder:"A:B"`
	Case  []string `help:"Cases: rober, pollu, multi, noise, hires, orego, vdpol, lotka, spiral, or ablation; all but ablation if not given." placeholder:"NAME"`
	JSON  bool     `help:"One JSON object a line for every trial."`
}

func (c *benchTrainingCmd) Run(a *app) error {
	seeds, err := seedRange(c.Seeds)
	if err != nil {
		return err
	}
	cases := map[string]*study.Case{}
	var names []string
	for _, k := range study.Cases() {
		cases[k.Name] = k
		names = append(names, k.Name)
	}
	wanted := c.Case
	if len(wanted) == 0 {
		wanted = names
	}
	for _, n := range wanted {
		if cases[n] == nil && n != "ablation" {
			return usageError(fmt.Sprintf("--case: there is no %q; there are %s, ablation", n, strings.Join(names, ", ")))
		}
	}
	failed := false
	for _, n := range wanted {
		if n == "ablation" {
			if err := c.ablation(a, cases, seeds); err != nil {
				return err
			}
			continue
		}
		trials, err := c.trials(a, cases[n], study.Variant{Name: "default"}, seeds)
		if err != nil {
			return err
		}
		failed = c.report(a, cases[n], trials) || failed
	}
	if failed {
		return errSilent
	}
	return nil
}

// trials runs a case for every seed, one after the other: each may use all cores.
func (c *benchTrainingCmd) trials(a *app, k *study.Case, v study.Variant, seeds []uint64) ([]study.Trial, error) {
	var out []study.Trial
	for _, s := range seeds {
		t := k.Run(a.ctx, s, v)
		if err := a.ctx.Err(); err != nil {
			return nil, err
		}
		if t.Err != nil {
			a.say("%s, %s, seed %d: %v", k.Name, v.Name, s, t.Err)
		} else {
			a.say("%s, %s, seed %d: %.3g in %.1f s", k.Name, v.Name, s, t.MAE, t.Seconds)
		}
		if c.JSON {
			if err := json.NewEncoder(a.out).Encode(trialJSON(k, v, &t)); err != nil {
				return nil, err
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// report prints the trials of a case, and says whether a floor was missed.
func (c *benchTrainingCmd) report(a *app, k *study.Case, trials []study.Trial) (failed bool) {
	claims := k.Claims(trials)
	for _, claim := range claims {
		failed = failed || !claim.Agrees
	}
	if c.JSON {
		return failed
	}
	fmt.Fprintf(a.out, "%s\n\n", k.Title)
	rows := [][]string{{"seed", "error", "with first interval", "decades", fmt.Sprintf("seconds to %.2g", k.Floors[0].MAE), "seconds", "epochs", "failed solves"}}
	for _, t := range trials {
		if t.Err != nil {
			rows = append(rows, []string{fmt.Sprint(t.Seed), t.Err.Error()})
			continue
		}
		rows = append(rows, []string{
			fmt.Sprint(t.Seed), fmt.Sprintf("%.3g", t.MAE), fmt.Sprintf("%.3g", t.Whole), fmt.Sprintf("%.2g", t.Log10), fmt.Sprintf("%.2f", t.Reached), fmt.Sprintf("%.1f", t.Seconds),
			fmt.Sprint(t.Epochs), fmt.Sprint(t.Failures),
		})
	}
	table(a.out, rows)
	fmt.Fprintln(a.out, "\n"+distribution(trials))
	for _, claim := range claims {
		verdict := "holds"
		if !claim.Agrees {
			verdict = "FAIL "
		}
		fmt.Fprintf(a.out, "%s  %s\n", verdict, claim.Text)
	}
	fmt.Fprintln(a.out)
	return failed
}

// distribution is a line about all trials.
func distribution(trials []study.Trial) string {
	var errors, seconds []float64
	failures := 0
	lo, hi := math.Inf(1), 0.0
	for _, t := range trials {
		errors, seconds = append(errors, t.MAE), append(seconds, t.Seconds)
		lo, hi = min(lo, t.MAE), max(hi, t.MAE)
		if t.Err != nil {
			failures++
		}
	}
	return fmt.Sprintf("error: least %.3g, median %.3g, largest %.3g; %d of %d failed; median time %.1f s", lo, study.Median(errors), hi, failures, len(trials), study.Median(seconds))
}

// ablation prints what every ingredient is good for.
func (c *benchTrainingCmd) ablation(a *app, cases map[string]*study.Case, seeds []uint64) error {
	rows := [][]string{{"case", "variant", "at the floor", "median error", "largest", "median seconds"}}
	for _, name := range []string{"rober", "pollu"} {
		k := cases[name]
		goal := k.Floors[len(k.Floors)-1].MAE
		for _, v := range study.Ablations() {
			trials, err := c.trials(a, k, v, seeds)
			if err != nil {
				return err
			}
			var errors, seconds []float64
			good, worst := 0, 0.0
			for _, t := range trials {
				errors, seconds = append(errors, t.MAE), append(seconds, t.Seconds)
				worst = max(worst, t.MAE)
				if t.MAE <= goal {
					good++
				}
			}
			rows = append(rows, []string{name, v.Name, fmt.Sprintf("%d of %d", good, len(trials)), fmt.Sprintf("%.3g", study.Median(errors)), fmt.Sprintf("%.3g", worst), fmt.Sprintf("%.1f", study.Median(seconds))})
		}
	}
	if c.JSON {
		return nil
	}
	fmt.Fprintln(a.out, "One ingredient of the default training switched off at a time; the floors are mean scaled errors of 1e-4 on ROBER and 2e-4 on POLLU.")
	fmt.Fprintln(a.out)
	table(a.out, rows)
	return nil
}

// trialJSON is a trial as a value for encoding/json, which knows neither errors nor infinities.
func trialJSON(k *study.Case, v study.Variant, t *study.Trial) any {
	finite := func(x float64) any {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return nil
		}
		return x
	}
	out := map[string]any{
		"case": k.Name, "variant": v.Name, "seed": t.Seed, "mae": finite(t.MAE), "mae_with_first_interval": finite(t.Whole), "log10": finite(t.Log10),
		"seconds": t.Seconds, "seconds_to_floor": finite(t.Reached), "epochs": t.Epochs, "failed_solves": t.Failures,
	}
	if t.Err != nil {
		out["error"] = t.Err.Error()
	}
	return out
}
