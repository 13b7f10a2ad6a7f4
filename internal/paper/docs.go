package paper

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
	"github.com/stiffnode/stiffnode/internal/durable"
	"github.com/stiffnode/stiffnode/internal/plots"
)

// DocsOptions say what the pictures and tables of the documentation are made from.
type DocsOptions struct {
	// Report is the folder of a report whose figures are taken over.
	Report string
	// References is the folder of published networks, and CVODES the one into which the C baseline was built; what needs them is left out, and said so, where they
	// are empty.
	References, CVODES string
	Say                func(format string, args ...any)
}

// pictures of the README that figures of the report are.
var pictures = map[string]string{"beyond-robertson": "robertson", "beyond-seconds": "loss-in-seconds"}

// Docs writes the pictures of README.md into dir/images and this machine's figures into dir/performance-tables.md. Done are the entries of the report.
func Docs(ctx context.Context, dir string, done []*Done, o DocsOptions) error {
	images := filepath.Join(dir, "images")
	if err := os.MkdirAll(images, 0o755); err != nil {
		return err
	}
	have := map[string]bool{}
	for _, d := range done {
		for _, p := range d.Pictures {
			have[p.Name] = true
		}
	}
	for from, to := range pictures {
		if !have[from] {
			return fmt.Errorf("the picture %s of README.md is made by the entry beyond, which did not run", to)
		}
		raw, err := os.ReadFile(filepath.Join(o.Report, from+".png"))
		if err != nil {
			return err
		}
		if err := durable.Replace(filepath.Join(images, to+".png"), raw); err != nil {
			return err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Performance: the figures\n\nMade by `stiffnode paper all --docs DIR`, %s, on one machine of %d cores (%s, %s/%s). Times are of that machine at that hour; ratios are taken in one run. [performance.md](performance.md) says what they mean.\n",
		commit(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, s := range studies(o) {
		if s.lacks != "" {
			fmt.Fprintf(&b, "\n## %s\n\nLeft out: %s.\n", s.title, s.lacks)
			continue
		}
		o.Say("%-18s %s", "docs", s.title)
		r, err := s.run(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n%s.\n", s.title, s.command, r.Title)
		writeStudy(&b, r)
		for _, f := range r.Figures {
			if s.picture == "" {
				continue
			}
			if err := plots.Save(f.Figure, filepath.Join(images, s.picture)); err != nil {
				return err
			}
			if err := os.Remove(filepath.Join(images, s.picture+".svg")); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	return durable.Replace(filepath.Join(dir, "performance-tables.md"), []byte(b.String()))
}

// A docsStudy is a table of the documentation: the command that anyone can run for it, and what it lacks here.
type docsStudy struct {
	title, command, lacks, picture string
	run                            func(ctx context.Context) (*bench.Report, error)
}

func studies(o DocsOptions) []docsStudy {
	published, baseline := "", ""
	if o.References == "" {
		published = "the published networks are not part of stiffnode (give the folder that holds them with --references)"
	}
	if baseline = published; baseline == "" && o.CVODES == "" {
		baseline = "the C baseline was not given (--cvodes DIR)"
	}
	const during = 100 * time.Millisecond
	return []docsStudy{
		{"This machine", "stiffnode bench machine", "", "", func(ctx context.Context) (*bench.Report, error) { return bench.Machine(ctx, during) }},
		{"Growth", "stiffnode bench growth", "", "", func(ctx context.Context) (*bench.Report, error) { return bench.Growth(ctx, during) }},
		{"Many trajectories", "stiffnode bench lanes", published, "", func(ctx context.Context) (*bench.Report, error) {
			return bench.Lanes(ctx, o.References, 10_000, 2*during)
		}},
		{"Gradients of the published networks", "stiffnode bench gradients networks --cvodes DIR", baseline, "gradients-work-precision", func(ctx context.Context) (*bench.Report, error) {
			return bench.NetworkGradients(ctx, o.References, o.CVODES, 5, during/2)
		}},
		{"Beside CVODE and CVODES", "stiffnode bench peers --cvodes DIR", baseline, "", func(ctx context.Context) (*bench.Report, error) {
			return bench.Peers(ctx, bench.PeerOptions{Build: o.CVODES, References: o.References, Parts: []string{"mech", "forward", "adjoint"}, Repeats: 5, During: 5 * during, Say: o.Say})
		}},
	}
}

// writeStudy adds the tables and claims of a study.
func writeStudy(b *strings.Builder, r *bench.Report) {
	for _, t := range r.Tables {
		if len(t.Rows) == 0 {
			continue
		}
		if t.Title != "" {
			fmt.Fprintf(b, "\n*%s*\n", t.Title)
		}
		fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(cells(t.Rows[0]), " | "), strings.Repeat("---|", len(t.Rows[0])))
		for _, row := range t.Rows[1:] {
			fmt.Fprintf(b, "| %s |\n", strings.Join(cells(row), " | "))
		}
	}
	if len(r.Claims) > 0 {
		b.WriteString("\n| must hold | |\n|---|---|\n")
	}
	for _, c := range r.Claims {
		fmt.Fprintf(b, "| %s | %s |\n", cell(c.Text), map[bool]string{true: "holds", false: "FAIL"}[c.Agrees])
	}
}
