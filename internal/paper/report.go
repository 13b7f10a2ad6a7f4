package paper

import (
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"

	"github.com/stiffnode/stiffnode/internal/durable"
)

const introduction = `What Kim, Ji, Deng, Ma and Rackauckas, "Stiff neural ordinary differential equations" (Chaos 31, 093122, 2021), show, run again by
stiffnode. Each section says what was done, compares the paper's claims with what was measured in this run, and shows the figure. Statements that are ours
and not the paper's stand apart, as checks. The points of every figure lie beside this report, in a CSV file of the figure's name.`

// writeReport writes report.md and the self-contained report.html.
func writeReport(opt Options, done []*Done) error {
	dir := opt.Dir
	if err := durable.Replace(filepath.Join(dir, "report.md"), []byte(markdown(opt, done))); err != nil {
		return err
	}
	page, err := htmlPage(opt, done)
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(dir, "report.html"), []byte(page))
}

// counts are the numbers of claims of each verdict.
func counts(done []*Done) (n [3]int) {
	for _, d := range done {
		for _, c := range d.Result.Claims {
			n[c.Verdict]++
		}
	}
	return n
}

// tally says it in words.
func tally(n [3]int) string {
	s := fmt.Sprintf("%d of %d claims of the paper agree, %d differ", n[Agrees], n[Agrees]+n[Differs]+n[Untested], n[Differs])
	if n[Untested] > 0 {
		s += fmt.Sprintf(", %d cannot be tested", n[Untested])
	}
	return s
}

// because adds a reason to a verdict.
func (c Claim) because() string {
	if c.Why == "" {
		return c.Verdict.String()
	}
	return c.Verdict.String() + ": " + c.Why
}

func (c Check) verdict() string {
	if c.Holds {
		return "holds"
	}
	return "FAILS"
}

func markdown(opt Options, done []*Done) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Stiff neural ODEs, reproduced\n\n%s\n\n%s\n\n%s.\n\n", introduction, madeBy(opt), tally(counts(done)))
	b.WriteString("| section | claims that agree | differ | cannot be tested | checks of ours that hold |\n|---|---|---|---|---|\n")
	for _, d := range done {
		n := counts([]*Done{d})
		fmt.Fprintf(&b, "| %s (%s) | %d | %d | %d | %s |\n", d.Entry.Title, d.Entry.Place, n[Agrees], n[Differs], n[Untested], d.Result.held())
	}
	for _, d := range done {
		fmt.Fprintf(&b, "\n## %s\n\n%s; `stiffnode paper %s`\n", d.Entry.Title, d.Entry.Place, d.Entry.ID)
		for _, t := range d.Result.Text {
			fmt.Fprintf(&b, "\n%s\n", t)
		}
		if len(d.Result.Claims) > 0 {
			b.WriteString("\n| the paper | measured | verdict |\n|---|---|---|\n")
			for _, c := range d.Result.Claims {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.Paper), cell(c.Measured), cell(c.because()))
			}
		}
		if len(d.Result.Checks) > 0 {
			b.WriteString("\n| check of ours | measured | |\n|---|---|---|\n")
			for _, c := range d.Result.Checks {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.What), cell(c.Measured), c.verdict())
			}
		}
		for _, p := range d.Pictures {
			fmt.Fprintf(&b, "\n![%s](%s.png)\n\n*%s*\n", p.Name, p.Name, p.Caption)
		}
		for _, t := range shown(d.Result) {
			if t.Caption != "" {
				fmt.Fprintf(&b, "\n*%s*\n", t.Caption)
			}
			fmt.Fprintf(&b, "\n| %s |\n|%s\n", strings.Join(cells(t.Header), " | "), strings.Repeat("---|", len(t.Header)))
			for _, row := range t.Rows {
				fmt.Fprintf(&b, "| %s |\n", strings.Join(cells(row), " | "))
			}
		}
	}
	return b.String()
}

func shown(r *Result) []Table {
	var out []Table
	for _, t := range append(append([]Table(nil), r.Tables...), r.Timing...) {
		if t.Shown {
			out = append(out, t)
		}
	}
	return out
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func cells(row []string) []string {
	out := make([]string, len(row))
	for i, s := range row {
		out[i] = cell(s)
	}
	return out
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1,h2{line-height:1.2}h2{margin-top:3rem;border-top:1px solid #ccc;padding-top:1.5rem}table{border-collapse:collapse;margin:1rem 0;font-size:14px}
caption{text-align:left;font-size:14px;color:#555}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}th{background:#f3f3f3}
.agrees{color:#0a6b3d;font-weight:600}.differs{color:#a33;font-weight:600}.cannot-be-tested{color:#666;font-weight:600}img{max-width:100%}figcaption{font-size:14px;color:#555}code{background:#f3f3f3;padding:0 .2em}`

func htmlPage(opt Options, done []*Done) (string, error) {
	dir := opt.Dir
	var b strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&b, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Stiff neural ODEs, reproduced</title><style>%s</style>\n", style)
	fmt.Fprintf(&b, "<h1>Stiff neural ODEs, reproduced</h1>\n<p>%s</p>\n<p>%s</p>\n<p><b>%s.</b></p>\n<table><tr><th>section</th><th>claims that agree</th><th>differ</th><th>cannot be tested</th><th>checks of ours that hold</th></tr>\n", e(introduction), e(madeBy(opt)), e(tally(counts(done))))
	for _, d := range done {
		n := counts([]*Done{d})
		fmt.Fprintf(&b, "<tr><td><a href=\"#%s\">%s</a> (%s)</td><td>%d</td><td>%d</td><td>%d</td><td>%s</td></tr>\n", e(d.Entry.ID), e(d.Entry.Title), e(d.Entry.Place), n[Agrees], n[Differs], n[Untested], d.Result.held())
	}
	b.WriteString("</table>\n")
	for _, d := range done {
		fmt.Fprintf(&b, "<h2 id=\"%s\">%s</h2>\n<p>%s; <code>stiffnode paper %s</code></p>\n", e(d.Entry.ID), e(d.Entry.Title), e(d.Entry.Place), e(d.Entry.ID))
		for _, t := range d.Result.Text {
			fmt.Fprintf(&b, "<p>%s</p>\n", e(t))
		}
		if len(d.Result.Claims) > 0 {
			b.WriteString("<table><tr><th>the paper</th><th>measured</th><th>verdict</th></tr>\n")
			for _, c := range d.Result.Claims {
				class := strings.ReplaceAll(c.Verdict.String(), " ", "-")
				fmt.Fprintf(&b, "<tr><td>%s</td><td>%s</td><td><span class=\"%s\">%s</span> %s</td></tr>\n", e(c.Paper), e(c.Measured), class, c.Verdict, e(c.Why))
			}
			b.WriteString("</table>\n")
		}
		if len(d.Result.Checks) > 0 {
			b.WriteString("<table><tr><th>check of ours</th><th>measured</th><th></th></tr>\n")
			for _, c := range d.Result.Checks {
				fmt.Fprintf(&b, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", e(c.What), e(c.Measured), c.verdict())
			}
			b.WriteString("</table>\n")
		}
		for _, p := range d.Pictures {
			raw, err := os.ReadFile(filepath.Join(dir, p.Name+".png"))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "<figure><img alt=\"%s\" src=\"data:image/png;base64,%s\"><figcaption>%s</figcaption></figure>\n", e(p.Name), base64.StdEncoding.EncodeToString(raw), e(p.Caption))
		}
		for _, t := range shown(d.Result) {
			b.WriteString("<table>")
			if t.Caption != "" {
				fmt.Fprintf(&b, "<caption>%s</caption>", e(t.Caption))
			}
			b.WriteString("<tr>")
			for _, h := range t.Header {
				fmt.Fprintf(&b, "<th>%s</th>", e(h))
			}
			b.WriteString("</tr>\n")
			for _, row := range t.Rows {
				b.WriteString("<tr>")
				for _, v := range row {
					fmt.Fprintf(&b, "<td>%s</td>", e(v))
				}
				b.WriteString("</tr>\n")
			}
			b.WriteString("</table>\n")
		}
	}
	return b.String(), nil
}

// Agreement says how many claims agree.
func (d *Done) Agreement() string {
	n := counts([]*Done{d})
	return fmt.Sprintf("%d of %d", n[Agrees], n[Agrees]+n[Differs]+n[Untested])
}

// Broken are the checks of ours that do not hold, each with its entry.
func Broken(done []*Done) []string {
	var out []string
	for _, d := range done {
		for _, c := range d.Result.Checks {
			if !c.Holds {
				out = append(out, d.Entry.ID+": "+c.What+": "+c.Measured)
			}
		}
	}
	return out
}

// held says how many of the checks hold.
func (r *Result) held() string {
	if len(r.Checks) == 0 {
		return ""
	}
	n := 0
	for _, c := range r.Checks {
		if c.Holds {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(r.Checks))
}

// Names are the names of the figures.
func (d *Done) Names() string {
	var names []string
	for _, p := range d.Pictures {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}
