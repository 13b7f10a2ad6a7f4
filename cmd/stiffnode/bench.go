package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/internal/study"
)

// benchCmd gathers what measures this program.
type benchCmd struct {
	Machine        benchMachineCmd        `cmd:"" default:"withargs" help:"What this machine does in a second: solves, gradients, epochs, predictions; the default."`
	Recipe         benchRecipeCmd         `cmd:"" help:"Repeat the paper's training recipes over seeds, beside the published figures."`
	Constraints    benchConstraintsCmd    `cmd:"" help:"Models that keep conservation laws: training, laws found from data, gradients, refusals."`
	Files          benchFilesCmd          `cmd:"" help:"Every data file of a folder: how it is read, or why it is refused, with a verdict."`
	Gradients      benchGradientsCmd      `cmd:"" help:"Agreement, failures, precision and cost of the gradient methods."`
	GradientErrors benchGradientErrorsCmd `cmd:"" name:"gradient-errors" help:"Gradients by every method and solver beside what they state of their error, with a verdict."`
	Growth         benchGrowthCmd         `cmd:"" help:"How the time of a gradient grows with parameters, states, steps and trajectories; two cores beside one."`
	Lanes          benchLanesCmd          `cmd:"" help:"Predictions of many initial values a second: side by side in vector registers, and one at a time."`
	Programs       benchProgramsCmd       `cmd:"" help:"Programs made of formulas beside the same graphs as C, and beside fields written by hand."`
	Peers          benchPeersCmd          `cmd:"" help:"Times beside those of CVODE and CVODES in the same run, at equal error."`
	Python         benchPythonCmd         `cmd:"" help:"Gradients beside those of Python's diffrax and torchdiffeq in the same run, at equal error."`
	Robustness     benchRobustnessCmd     `cmd:"" help:"Damaged models, bad settings, odd files and kills at random moments: how each ends, with a verdict."`
	First          benchFirstCmd          `cmd:"" hidden:"" help:"One gradient of a problem that bench python wrote."`
	Training       benchTrainingCmd       `cmd:"" help:"The default training over seeds, on problems of every kind, and without each of its ingredients."`

	Accuracy      benchAccuracyCmd      `cmd:"" help:"Every method on every problem with a known solution at every tolerance: is a success ever wrong?"`
	Digits        benchDigitsCmd        `cmd:"" help:"Correct digits of every implicit method on every stiff problem at every tolerance, with a verdict."`
	Workprecision benchWorkprecisionCmd `cmd:"" help:"Work of every method for a given error, with figures."`
	Solvers       benchSolversCmd       `cmd:"" help:"The best solver for each classical problem and error, and BDF's counts beside CVODE's and published ones, with a verdict."`
	Switching     benchSwitchingCmd     `cmd:"" help:"Switching pairs on a relaxation oscillation: switches, and work beside that of the implicit method alone."`
	Networks      benchNetworksCmd      `cmd:"" help:"Errors of solves of networks at a loose tolerance: the published ones, and random, half-trained and trained ones."`
}

type benchRecipeCmd struct {
	Recipe  string `arg:"" help:"rober, pollu or baseline." enum:"rober,pollu,baseline"`
	Seeds   string `help:"First and last seed." default:"1:10" placeholder:"A:B"`
	Epochs  int    `help:"Number of epochs; the recipe's if not given." placeholder:"N"`
	Workers int    `help:"Runs at a time; one per core if not given." placeholder:"N"`
	JSON    bool   `help:"One JSON object."`
}

func (c *benchRecipeCmd) Run(a *app) error {
	seeds, err := seedRange(c.Seeds)
	if err != nil {
		return err
	}
	var recipe *study.Recipe
	for _, r := range study.Recipes() {
		if r.Name == c.Recipe {
			recipe = r
		}
	}
	o := study.Options{Seeds: seeds, Epochs: c.Epochs, Workers: c.Workers}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Done = func(r study.Run) {
		if r.Err != nil {
			a.say("seed %d: %v", r.Seed, r.Err)
			return
		}
		a.say("seed %d: %.4g in %.1f s", r.Seed, r.Median, r.Seconds)
	}
	report, err := recipe.Do(a.ctx, o)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(a.out).Encode(reportJSON(report))
	} else {
		printReport(a, report)
	}
	if err != nil {
		return err
	}
	for _, claim := range report.Claims {
		if !claim.Agrees {
			return errSilent
		}
	}
	return nil
}

func printReport(a *app, r *study.Report) {
	fmt.Fprintf(a.out, "%s\n\n", r.Recipe.Title)
	rows := [][]string{{"seed", "first", "best", "median of last 1000", "epochs to 0.01", "gradient norm, decades", "failed solves", "seconds"}}
	for _, run := range r.Runs {
		if run.Err != nil {
			rows = append(rows, []string{fmt.Sprint(run.Seed), fmt.Sprintf("%.4g", run.First), fmt.Sprintf("%.4g", run.Best), "stopped"})
			continue
		}
		reached := "–"
		if run.Reached >= 0 {
			reached = fmt.Sprint(run.Reached)
		}
		rows = append(rows, []string{
			fmt.Sprint(run.Seed), fmt.Sprintf("%.4g", run.First), fmt.Sprintf("%.4g", run.Best), fmt.Sprintf("%.4g", run.Median), reached,
			fmt.Sprintf("%.1f", run.GradientDecades), fmt.Sprint(run.Failures), fmt.Sprintf("%.1f", run.Seconds),
		})
	}
	rows = append(rows, []string{"middle", "", "", fmt.Sprintf("%.4g", r.Middle())}, []string{"published", "", "", fmt.Sprintf("%.4g", r.Recipe.Published)})
	table(a.out, rows)
	fmt.Fprintln(a.out)
	for _, c := range r.Claims {
		verdict := "agrees"
		if !c.Agrees {
			verdict = "FAIL  "
		}
		fmt.Fprintf(a.out, "%s  %s\n", verdict, c.Text)
	}
}

// reportJSON is a report as a value for encoding/json, which knows neither errors nor infinities.
func reportJSON(r *study.Report) any {
	type run struct {
		Seed               uint64  `json:"seed"`
		First              float64 `json:"first"`
		Best               float64 `json:"best"`
		Median             float64 `json:"median_of_last_1000"`
		GradientDecades    float64 `json:"gradient_norm_decades"`
		GradientDifference float64 `json:"gradient_difference"`
		Failures           int     `json:"failed_solves"`
		Seconds            float64 `json:"seconds"`
		Error              string  `json:"error,omitempty"`
	}
	type claim struct {
		Text   string `json:"text"`
		Agrees bool   `json:"agrees"`
	}
	out := struct {
		Recipe    string  `json:"recipe"`
		Published float64 `json:"published"`
		Runs      []run   `json:"runs"`
		Claims    []claim `json:"claims"`
	}{Recipe: r.Recipe.Name, Published: r.Recipe.Published}
	for _, x := range r.Runs {
		y := run{x.Seed, x.First, x.Best, x.Median, x.GradientDecades, x.GradientDifference, x.Failures, x.Seconds, ""}
		if x.Err != nil {
			y.Error = x.Err.Error()
		}
		out.Runs = append(out.Runs, y)
	}
	for _, c := range r.Claims {
		out.Claims = append(out.Claims, claim{c.Text, c.Agrees})
	}
	return out
}

// seedRange reads 1:10, or a single seed.
func seedRange(s string) ([]uint64, error) {
	from, to, several := strings.Cut(s, ":")
	if !several {
		to = from
	}
	a, err1 := strconv.ParseUint(from, 10, 63)
	b, err2 := strconv.ParseUint(to, 10, 63)
	const most = 10_000
	if err1 != nil || err2 != nil || b < a || b-a >= most {
		return nil, usageError(fmt.Sprintf("--seeds: %q is not of the form 1:10", s))
	}
	var out []uint64
	for x := a; x <= b; x++ {
		out = append(out, x)
	}
	return out, nil
}
