package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
)

// A reading is what a file must read as: numbers of trajectories, states and rows, and the last row of the last trajectory, as far as it is given; or
// that it is refused with a word in the reason.
type reading struct {
	file                       string
	trajectories, states, rows int
	last                       []float64
	refused                    string
}

// chain is the last row of the files that hold one solution of A → B ⇌ C, written by different programs.
var chain = []float64{0, 0.0368154, 1.96318}

// readings are what is known of the small inputs that were collected from public reports; their names end like these.
var readings = []reading{
	{"01-crnn-headerless/exp1.csv", 1, 1, 40, []float64{0.174213407}, ""}, {"01-crnn-headerless/rober-nohead.csv", 1, 3, 4, []float64{0.84, 1.62e-5, 0.158}, ""},
	{"02-hash-header/batch.csv", 1, 3, 17, chain, ""}, {"02-hash-header/mid-comment.csv", 1, 3, 17, chain, ""}, {"02-hash-header/percent.csv", 1, 3, 17, chain, ""},
	{"02-hash-header/zeros.csv", 1, 3, 17, chain, ""}, {"03-copasi/compart.txt", 1, 3, 17, chain, ""}, {"03-copasi/timecourse.txt", 1, 3, 17, chain, ""},
	{"04-whitespace/aligned.txt", 1, 3, 17, chain, ""}, {"04-whitespace/matlab.dat", 1, 3, 17, chain, ""}, {"05-modelica-arrays/om_res.csv", 1, 3, 17, chain, ""},
	{"06-petab-long/measurementData.tsv", 1, 3, 17, chain, ""}, {"06-petab-long/tidy.csv", 1, 3, 17, chain, ""}, {"07-nonmem/pk.csv", 0, 0, 0, nil, "dose"},
	{"09-decimal-comma/excel-de-tab.txt", 1, 3, 17, chain, ""}, {"10-units-row/labview.csv", 1, 3, 17, chain, ""}, {"10-units-row/meta.csv", 1, 3, 17, chain, ""},
	{"13-replicates/plate.csv", 0, 0, 0, nil, "wells"}, {"13-replicates/rep-id.csv", 3, 3, 51, []float64{0.0087342, 0.033449, 1.9715}, ""},
	{"13-replicates/rep.csv", 1, 3, 17, nil, ""}, {"14-missing-codes/blq.csv", 0, 0, 0, nil, "censored"}, {"14-missing-codes/dot.csv", 1, 3, 17, chain, ""},
	{"14-missing-codes/hashna.csv", 1, 3, 17, chain, ""}, {"14-missing-codes/null.csv", 1, 3, 17, chain, ""}, {"15-time-names/index.csv", 1, 3, 17, chain, ""},
	{"16-trailing/blocks.csv", 2, 3, 34, chain, ""}, {"16-trailing/sep.csv", 1, 3, 17, chain, ""}, {"17-units/min.csv", 1, 2, 5, []float64{20, 980}, ""},
	{"17-units/sec.csv", 1, 2, 5, []float64{0.02, 0.98}, ""}, {"17-units/y0.csv", 0, 0, 0, nil, "time column"}, {"20-forced/cos.csv", 1, 1, 76, nil, ""},
	{"20-forced/room-inputs.csv", 1, 3, 145, nil, ""}, {"20-forced/room.csv", 1, 1, 145, nil, ""}, {"21-dosing/doses.csv", 1, 2, 32, nil, ""},
	{"22-partial/pos-hidden.csv", 1, 2, 101, nil, ""}, {"22-partial/pos.csv", 1, 1, 101, nil, ""}, {"25-times/tworows.csv", 1, 2, 2, nil, ""},
	{"26-ramp/ramp-T-beta.csv", 4, 3, 120, nil, ""}, {"26-ramp/ramp-T.csv", 4, 2, 120, nil, ""}, {"37-species-names/min.csv", 1, 2, 5, []float64{1, 2}, ""},
	{"38-gri/gri200.csv", 1, 54, 200, nil, ""}, {"38-gri/gri50.csv", 1, 54, 50, nil, ""},
}

// Files reads every file below a folder, one row each: what it was read as, and how, or why it was refused. A file whose reading is known must be
// read so; every refusal must name the file and say what to do.
func Files(ctx context.Context, dir string) (*Report, error) {
	r := &Report{Title: "Files of " + filepath.Base(dir) + ": read, or refused with place and remedy"}
	table := Table{Rows: [][]string{{"file", "outcome", "how, or why not"}}}
	known, read, refused := 0, 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if d.IsDir() || !d.Type().IsRegular() || strings.EqualFold(filepath.Ext(path), ".md") {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		set, err := data.ReadFilesContext(ctx, []string{path}, data.ReadOptions{})
		i := slices.IndexFunc(readings, func(k reading) bool { return strings.HasSuffix("/"+filepath.ToSlash(path), "/"+k.file) })
		if i >= 0 {
			known++
			if wrong := readings[i].wrong(set, err); wrong != "" {
				r.claim(false, "%s: %s", name, wrong)
			}
		}
		if err != nil {
			refused++
			table.Rows = append(table.Rows, []string{name, "refused", strings.ReplaceAll(err.Error(), path, name)})
			var e *data.Error
			if !errors.As(err, &e) || e.File == "" || e.Remedy == "" {
				r.claim(false, "%s: the refusal names no file or no remedy: %v", name, err)
			}
			return nil
		}
		read++
		var how []string
		for _, reading := range set.Readings {
			how = append(how, reading.Notes...)
		}
		table.Rows = append(table.Rows, []string{name, fmt.Sprintf("%d × %d, %d rows", len(set.Trajectories), len(set.States), set.Rows()), strings.Join(how, "; ")})
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Tables = append(r.Tables, table)
	r.claim(read+refused > 0, "%d files read, %d refused with place and remedy", read, refused)
	if known > 0 {
		r.claim(!r.Failed(), "%d files of which it is known what they must read as", known)
	}
	return r, nil
}

// wrong says how a file was read otherwise than it must be; empty where it was not.
func (k reading) wrong(set *data.Set, err error) string {
	switch {
	case k.refused != "" && err == nil:
		return "was read, and must be refused"
	case k.refused != "" && !strings.Contains(err.Error(), k.refused):
		return fmt.Sprintf("is refused without a word of %q: %v", k.refused, err)
	case k.refused != "":
		return ""
	case err != nil:
		return "is refused: " + err.Error()
	case len(set.Trajectories) != k.trajectories || len(set.States) != k.states || set.Rows() != k.rows:
		return fmt.Sprintf("%d trajectories of %d states in %d rows, must be %d of %d in %d", len(set.Trajectories), len(set.States), set.Rows(), k.trajectories, k.states, k.rows)
	}
	tr := &set.Trajectories[len(set.Trajectories)-1]
	row := tr.Row(len(tr.Times)-1, k.states)
	for i, want := range k.last {
		if math.Abs(row[i]-want) > 1e-4*math.Abs(want)+1e-12 {
			return fmt.Sprintf("%s ends at %g, must be %g", set.States[i], row[i], want)
		}
	}
	return ""
}
