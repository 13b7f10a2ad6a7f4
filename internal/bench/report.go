// Package bench measures: accuracy, cost and memory of solvers and gradients, beside what was published or what another
// program gives. Every study returns a Report, whose claims are computed from what was measured in that run.
package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/stiffnode/stiffnode/internal/plots"
)

// A Report is what a study found.
type Report struct {
	Title   string
	Tables  []Table
	Claims  []Claim
	Figures []NamedFigure
}

// A Table is a titled grid of cells; the first row is the header.
type Table struct {
	Title string
	Rows  [][]string
}

// A Claim is something that must hold, and whether it did.
type Claim struct {
	Text   string
	Agrees bool
}

// A NamedFigure is a figure with the base name of its files.
type NamedFigure struct {
	Name   string
	Figure *plots.Figure
}

func (r *Report) claim(agrees bool, format string, args ...any) {
	r.Claims = append(r.Claims, Claim{Text: fmt.Sprintf(format, args...), Agrees: agrees})
}

// Failed says whether a claim does not hold.
func (r *Report) Failed() bool {
	for _, c := range r.Claims {
		if !c.Agrees {
			return true
		}
	}
	return false
}

// Write prints the report as text.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Title)
	for _, t := range r.Tables {
		b.WriteString("\n")
		if t.Title != "" {
			fmt.Fprintf(&b, "%s\n", t.Title)
		}
		tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
		for _, row := range t.Rows {
			fmt.Fprintln(tw, strings.Join(row, "\t"))
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	if len(r.Claims) > 0 {
		b.WriteString("\n")
	}
	for _, c := range r.Claims {
		verdict := "agrees"
		if !c.Agrees {
			verdict = "FAIL  "
		}
		fmt.Fprintf(&b, "%s  %s\n", verdict, c.Text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON prints the report as one JSON object: title, tables of rows whose first is the header, claims.
func (r *Report) WriteJSON(w io.Writer) error {
	type table struct {
		Title string     `json:"title"`
		Rows  [][]string `json:"rows"`
	}
	type claim struct {
		Text   string `json:"text"`
		Agrees bool   `json:"agrees"`
	}
	out := struct {
		Title  string  `json:"title"`
		Tables []table `json:"tables"`
		Claims []claim `json:"claims"`
	}{Title: r.Title}
	for _, t := range r.Tables {
		out.Tables = append(out.Tables, table(t))
	}
	for _, c := range r.Claims {
		out.Claims = append(out.Claims, claim(c))
	}
	return json.NewEncoder(w).Encode(out)
}

// Save writes the figures into a folder.
func (r *Report) Save(dir string) error {
	for _, f := range r.Figures {
		if err := plots.Save(f.Figure, dir+"/"+f.Name); err != nil {
			return err
		}
	}
	return nil
}
