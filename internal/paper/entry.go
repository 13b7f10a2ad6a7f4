package paper

import (
	"context"
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/internal/plots"
)

// An Entry is one experiment of the paper.
type Entry struct {
	// ID as used on the command line, Title in words, Place in the paper.
	ID, Title, Place string
	// Config says everything that decides the result; a change of it makes a cached result stale.
	Config string
	// Threads is the number of cores that Run keeps busy.
	Threads int
	// Run does the experiment.
	Run func(ctx context.Context, env *Env) (*Result, error)
}

// Env is what entries are run with.
type Env struct {
	// References is the folder of published histories and networks; empty where there is none.
	References string
	// Long asks for what takes longer: more epochs and seeds where the paper's claim is about late stages of training.
	Long bool
	// Say is told of progress.
	Say func(format string, args ...any)
}

// A Result is what an entry measured.
type Result struct {
	// Text explains what was done and what is seen, in paragraphs.
	Text []string
	// Claims are compared one by one with what was measured.
	Claims []Claim
	// Checks are statements of ours on the same subject.
	Checks []Check
	// Figures are drawn from the run's data.
	Figures []Figure `json:"-"`
	// Tables are the data behind figures and claims.
	Tables []Table
	// Timing lists measured times, which differ from run to run.
	Timing []Table
}

// A Verdict says whether what was measured is what the paper says.
type Verdict int

const (
	// Agrees: it is.
	Agrees Verdict = iota
	// Differs: it is not.
	Differs
	// Untested: what the paper says cannot be held against this run, for the reason given with it.
	Untested
)

func (v Verdict) String() string {
	switch v {
	case Agrees:
		return "agrees"
	case Differs:
		return "differs"
	}
	return "cannot be tested"
}

// A Claim is a statement of the paper beside what was measured.
type Claim struct {
	// Paper is what the paper says, Measured what this run found.
	Paper, Measured string
	Verdict         Verdict
	// Why explains a verdict other than Agrees.
	Why string
}

// A Check is a statement of ours, which the paper does not make, beside what was measured.
type Check struct {
	What, Measured string
	Holds          bool
}

// A Figure is a picture with the name of its files and a caption.
type Figure struct {
	Name, Caption string
	Plot          *plots.Figure
}

// A Table is data with a name, written as CSV; Shown says that the report prints it, under its Caption if it has one.
type Table struct {
	Name    string
	Caption string
	Header  []string
	Rows    [][]string
	Shown   bool
}

func (r *Result) say(format string, args ...any) {
	r.Text = append(r.Text, fmt.Sprintf(format, args...))
}

// claim adds a statement of the paper; why is reported where it does not agree.
func (r *Result) claim(agrees bool, paper, measured, why string) {
	c := Claim{Paper: paper, Measured: measured}
	if !agrees {
		c.Verdict, c.Why = Differs, why
	}
	r.Claims = append(r.Claims, c)
}

// untested adds a statement of the paper that this run cannot judge, and why.
func (r *Result) untested(paper, measured, why string) {
	r.Claims = append(r.Claims, Claim{Paper: paper, Measured: measured, Verdict: Untested, Why: why})
}

// check adds a statement of ours.
func (r *Result) check(holds bool, what, measured string) {
	r.Checks = append(r.Checks, Check{What: what, Measured: measured, Holds: holds})
}

// A finding is what an entry measured, reduced to what its verdicts rest on: the same finding always gives the same claims, so that each can be
// tried with findings that must agree and findings that must differ.
type finding interface{ judge(r *Result) }

// Entries lists the experiments in the order of the paper.
func Entries() []*Entry {
	return []*Entry{
		stiffnessEntry(), reverseEntry(), zoomEntry(), reversedAdjointEntry(), agreementEntry(), linearEntry(), costEntry(),
		daeEntry(), baselineEntry(), scaledEntry(), pollutionEntry(), supplementEntry(), steerEntry(), trainingStiffnessEntry(), beyondEntry(), daeStudyEntry(),
	}
}

// Find returns the entries named; "all" is every one. The error names what there is.
func Find(ids []string) ([]*Entry, error) {
	all := Entries()
	var out []*Entry
	var known []string
	for _, e := range all {
		known = append(known, e.ID)
	}
	for _, id := range ids {
		if id == "all" {
			return all, nil
		}
		found := false
		for _, e := range all {
			if e.ID == id {
				out, found = append(out, e), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no entry %q; there are all, %s", id, strings.Join(known, ", "))
		}
	}
	return out, nil
}
