package bench

import (
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/data"
)

// ExpectedName is the file of a folder that says how its files are to be read, with the columns file, trajectories, states, rows, last time, sum of
// values, and refused: a word of the message with which a file is refused, and the others empty.
const ExpectedName = "expected.csv"

// What the files of programs and instruments that the project was shown hold; the sums were made without this reader.
//
//go:embed files_expected.csv
var knownFiles string

// fileExpectation is what is right for a file.
type fileExpectation struct {
	trajectories, states, rows int
	last, sum                  float64
	refused                    string
}

// Files reads every file of a folder, and of the folders in it, and says of each how it was read, or where and why it was refused and what to do. What is known
// to be right for a file is compared: from the file expected ("" is the folder's expected.csv, if it has one, or else what is known of files of that name).
func Files(ctx context.Context, dir, expected string) (*Report, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, &fs.PathError{Op: "bench files", Path: dir, Err: errors.New("this is not a folder")}
	}
	right, table, err := fileExpectations(dir, expected)
	if err != nil {
		return nil, err
	}
	var names []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == table || strings.EqualFold(filepath.Ext(path), ".md") || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	r := &Report{Title: fmt.Sprintf("Files in %s", dir)}
	rows := [][]string{{"file", "verdict", "what", "how"}}
	known, wrong, slowest := 0, 0, time.Duration(0)
	for _, name := range names {
		began := time.Now()
		set, err := data.ReadFilesContext(ctx, []string{filepath.Join(dir, filepath.FromSlash(name))}, data.ReadOptions{})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		slowest = max(slowest, time.Since(began))
		want, ok := right[name]
		verdict := "not known"
		fault := fileFault(set, err, want, ok)
		if ok {
			known++
			verdict = "right"
		}
		if fault != "" {
			wrong++
			verdict = "FAIL"
		}
		what, how := fileWords(dir, name, set, err)
		if fault != "" {
			what = fault + "; " + what
		}
		rows = append(rows, []string{name, verdict, what, how})
		delete(right, name)
	}
	r.Tables = []Table{{Rows: rows}}
	r.claim(wrong == 0, "%d files, of which %d are known: %d are read or refused as they should not be (slowest file %.2g s)", len(names), known, wrong, slowest.Seconds())
	if len(names) == 0 {
		r.claim(false, "there is no file in %s", dir)
	}
	if table != "" {
		r.claim(len(right) == 0, "%d files of %s are missing", len(right), table)
	}
	return r, nil
}

// fileFault says what is wrong with the way a file was read; empty if nothing is. A refusal always has a place and a remedy.
func fileFault(set *data.Set, err error, want fileExpectation, known bool) string {
	if err != nil {
		var e *data.Error
		switch {
		case !errors.As(err, &e) || e.Msg == "":
			return "refused without a reason that can be told"
		case e.File == "":
			return "refused without the file's name"
		case e.Remedy == "":
			return "refused without a remedy"
		case known && want.refused == "":
			return "refused, though it can be read"
		case known && !strings.Contains(err.Error(), want.refused):
			return fmt.Sprintf("refused, but not because of %q", want.refused)
		}
		return ""
	}
	if err := set.Check(); err != nil {
		return "unsound: " + err.Error()
	}
	if !known {
		return ""
	}
	if want.refused != "" {
		return "read, though it is to be refused"
	}
	last, sum := math.Inf(-1), 0.0
	for k := range set.Trajectories {
		tr := &set.Trajectories[k]
		last = max(last, tr.Times[len(tr.Times)-1])
		for _, x := range tr.Values {
			if !math.IsNaN(x) {
				sum += x
			}
		}
	}
	const accuracy = 1e-6 // of what the table gives
	near := func(a, b float64) bool { return math.Abs(a-b) <= accuracy*max(1, math.Abs(b)) }
	switch {
	case len(set.Trajectories) != want.trajectories || len(set.States) != want.states || set.Rows() != want.rows:
		return fmt.Sprintf("there are %d trajectories, %d states, %d rows", want.trajectories, want.states, want.rows)
	case !near(last, want.last):
		return fmt.Sprintf("the last time is %g, not %g", want.last, last)
	case !near(sum, want.sum):
		return fmt.Sprintf("the sum of values is %.8g, not %.8g", want.sum, sum)
	}
	return ""
}

// fileWords are the words for what a file is and how it was read.
func fileWords(dir, name string, set *data.Set, err error) (what, how string) {
	if err != nil {
		return "refused", strings.ReplaceAll(strings.TrimPrefix(err.Error(), filepath.Join(dir, filepath.FromSlash(name))+":"), "\t", " ")
	}
	what = fmt.Sprintf("read: trajectories %d, states %d, rows %d", len(set.Trajectories), len(set.States), set.Rows())
	reading := set.Readings[0]
	parts := []string{reading.Format}
	if reading.Separator != "" {
		parts = append(parts, reading.Separator)
	}
	return what, strings.Join(append(parts, reading.Notes...), "; ")
}

// fileExpectations reads what is right for the files of a folder; path is the table, unless it is the one that is built in.
func fileExpectations(dir, expected string) (right map[string]fileExpectation, path string, err error) {
	text := knownFiles
	path = expected
	if path == "" {
		path = filepath.Join(dir, ExpectedName)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = ""
		}
	}
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		text = string(raw)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, "", &data.Error{File: path, Msg: err.Error(), Remedy: "the columns are file, trajectories, states, rows, last time, sum of values, refused", Err: err}
	}
	right = map[string]fileExpectation{}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		bad := &data.Error{File: path, Line: i + 1, Msg: "the row cannot be read", Remedy: "the columns are file, trajectories, states, rows, last time, sum of values, refused; give numbers, or a word of the refusal"}
		if len(row) != 7 {
			return nil, "", bad
		}
		e := fileExpectation{refused: row[6]}
		if e.refused == "" {
			var errs [5]error
			for j, to := range []*int{&e.trajectories, &e.states, &e.rows} {
				*to, errs[j] = strconv.Atoi(row[1+j])
			}
			e.last, errs[3] = strconv.ParseFloat(row[4], 64)
			e.sum, errs[4] = strconv.ParseFloat(row[5], 64)
			if errors.Join(errs[:]...) != nil {
				return nil, "", bad
			}
		}
		right[row[0]] = e
	}
	return right, path, nil
}
