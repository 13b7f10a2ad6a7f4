package paper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/internal/durable"
	"github.com/stiffnode/stiffnode/internal/plots"
)

// Options say how entries are run.
type Options struct {
	// Dir receives figures, data, cache and report.
	Dir string
	// Cores is the number of cores to keep busy.
	Cores int
	// References is the folder of published histories and networks; empty where there is none.
	References string
	// Say is told of progress.
	Say func(format string, args ...any)
	// Fresh ignores cached results.
	Fresh bool
	// Long runs what takes longer than a look: see Env.Long.
	Long bool
}

// A Done entry is an entry with its result, run now or read from the cache.
type Done struct {
	Entry   *Entry
	Result  *Result
	Cached  bool
	Seconds float64
	// Pictures are the base names of its figures with their captions.
	Pictures []Picture
}

// A Picture is a saved figure: NAME.png and NAME.svg in the folder.
type Picture struct{ Name, Caption string }

// cached is what the cache keeps of an entry.
type cached struct {
	Key      string
	Result   *Result
	Seconds  float64
	Pictures []Picture
}

// program identifies the program that runs: what another one computed is not taken from the cache. It is empty where the
// program cannot read itself.
var program = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
})

// Make runs the entries that the cache does not hold, several at a time where they leave cores idle, and writes figures, data and report.
func Make(ctx context.Context, entries []*Entry, opt Options) ([]*Done, error) {
	if err := os.MkdirAll(filepath.Join(opt.Dir, "cache"), 0o755); err != nil {
		return nil, err
	}
	done := make([]*Done, len(entries))
	errs := make([]error, len(entries))
	free := newCores(max(opt.Cores, 1))
	var wg sync.WaitGroup
	for i, e := range entries {
		if d := readCache(opt, e); d != nil && !opt.Fresh {
			done[i] = d
			opt.Say("%-18s from the cache", e.ID)
			continue
		}
		free.take(e.Threads)
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer free.give(e.Threads)
			done[i], errs[i] = runEntry(ctx, e, opt)
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entries[i].ID, err)
		}
	}
	return done, writeReport(opt, done)
}

// cores hands out cores to entries.
type cores struct {
	mu   sync.Mutex
	cond *sync.Cond
	all  int
	free int
}

func newCores(n int) *cores {
	c := &cores{all: n, free: n}
	c.cond = sync.NewCond(&c.mu)
	return c
}

func (c *cores) take(n int) {
	n = min(n, c.all)
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.free < n {
		c.cond.Wait()
	}
	c.free -= n
}

func (c *cores) give(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free += min(n, c.all)
	c.cond.Broadcast()
}

func runEntry(ctx context.Context, e *Entry, opt Options) (*Done, error) {
	opt.Say("%-18s %s", e.ID, e.Title)
	began := time.Now()
	env := &Env{References: opt.References, Long: opt.Long, Say: func(format string, args ...any) { opt.Say("%-18s "+format, append([]any{e.ID}, args...)...) }}
	r, err := e.Run(ctx, env)
	if err != nil {
		return nil, err
	}
	d := &Done{Entry: e, Result: r, Seconds: time.Since(began).Seconds()}
	for _, f := range r.Figures {
		if err := plots.Save(f.Plot, filepath.Join(opt.Dir, f.Name)); err != nil {
			return nil, err
		}
		if err := writeTable(filepath.Join(opt.Dir, f.Name+".csv"), points(f)); err != nil {
			return nil, err
		}
		d.Pictures = append(d.Pictures, Picture{f.Name, f.Caption})
	}
	for _, t := range append(append([]Table(nil), r.Tables...), r.Timing...) {
		if err := writeTable(filepath.Join(opt.Dir, t.Name+".csv"), t); err != nil {
			return nil, err
		}
	}
	opt.Say("%-18s %s claims agree, %.1f s", e.ID, d.Agreement(), d.Seconds)
	return d, writeCache(opt, d)
}

func (e *Entry) key(opt Options) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{program(), e.ID, e.Config, fmt.Sprint(opt.References != "", opt.Long)}, "\x00")))
	return hex.EncodeToString(sum[:])
}

func cachePath(opt Options, e *Entry) string { return filepath.Join(opt.Dir, "cache", e.ID+".json") }

// readCache returns nil where the cache has no usable result: that is never an error.
func readCache(opt Options, e *Entry) *Done {
	raw, err := os.ReadFile(cachePath(opt, e))
	if err != nil {
		return nil
	}
	var c cached
	if json.Unmarshal(raw, &c) != nil || c.Key != e.key(opt) || c.Result == nil {
		return nil
	}
	for _, p := range c.Pictures {
		if _, err := os.Stat(filepath.Join(opt.Dir, p.Name+".png")); err != nil {
			return nil
		}
	}
	return &Done{Entry: e, Result: c.Result, Cached: true, Seconds: c.Seconds, Pictures: c.Pictures}
}

func writeCache(opt Options, d *Done) error {
	raw, err := json.Marshal(cached{Key: d.Entry.key(opt), Result: d.Result, Seconds: d.Seconds, Pictures: d.Pictures})
	if err != nil {
		return err
	}
	return durable.Replace(cachePath(opt, d.Entry), raw)
}

// points are those of a figure, one a row.
func points(f Figure) Table {
	t := Table{Header: []string{"panel", "series", "x", "y"}}
	n := 0
	for _, row := range f.Plot.Panels {
		for _, p := range row {
			n++
			panel := p.Title
			if panel == "" {
				panel = p.Y.Label
			}
			if panel == "" {
				panel = fmt.Sprint(n)
			}
			for _, s := range p.Series {
				for i := range min(len(s.X), len(s.Y)) {
					t.Rows = append(t.Rows, []string{panel, s.Name, fmt.Sprintf("%.6g", s.X[i]), fmt.Sprintf("%.6g", s.Y[i])})
				}
			}
		}
	}
	return t
}

func writeTable(path string, t Table) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	if err := w.WriteAll(append([][]string{t.Header}, t.Rows...)); err != nil {
		return err
	}
	return durable.Replace(path, text.Bytes())
}
