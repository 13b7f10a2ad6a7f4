// Package robustness runs the program on damaged models, bad settings and odd data files, and kills it at random moments: what is not done
// right must be refused in words, no run may panic or hang, and no work may be lost.
package robustness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

// An Outcome is what became of a trial.
type Outcome int

const (
	// Right: done, and the result is what it must be.
	Right Outcome = iota
	// Clear: refused, or failed, with a message that says why, and the exit status that belongs to it.
	Clear
	// Wrong: a result that is not right, a refusal without words, or an acceptance of what makes no sense.
	Wrong
	// Panic: a stack trace, or an end by a signal that nobody sent.
	Panic
	// Hang: not finished within the limits of time and memory.
	Hang
	// Lost: work that was done is no longer there.
	Lost
	outcomes
)

func (o Outcome) String() string {
	return [...]string{"right", "clear", "wrong", "panic", "hang", "lost"}[o]
}

// Options say how much is tried.
type Options struct {
	// Program is the binary.
	Program string
	// Seed of all random numbers; the same seed makes the same trials, but for the moments at which the program is killed.
	Seed uint64
	// Models, Settings, Files and Kills are the numbers of trials of each kind.
	Models, Settings, Files, Kills int
	// Workers is the number of trials at a time; one per core if 0.
	Workers int
	// Limit is the time that a trial may take. Memory bounds the address space of each, in bytes, where the system knows such a bound.
	Limit  time.Duration
	Memory int64
	// Keep is a folder into which the inputs of trials that end badly are copied; empty: they are not kept.
	Keep string
	// Say is told of progress and of trials that end badly.
	Say func(format string, args ...any)
}

// lab is the folder with what all trials use.
type lab struct {
	Options
	dir string
	// What is killed, one run of each recipe.
	firstOrder, leastSquares killed
	landed                   atomic.Int64 // signals that met a run
}

// trial is one run of the program, or more, in a folder of its own.
type trial func(ctx context.Context, dir string) (Outcome, string)

// Run tries everything. The report's claims are that every kind of trial ends right or clear.
func Run(ctx context.Context, o Options) (*bench.Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Limit <= 0 {
		o.Limit = 30 * time.Second
	}
	if o.Memory <= 0 {
		o.Memory = 4 << 30
	}
	dir, err := os.MkdirTemp("", "stiffnode-robustness-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	l := &lab{Options: o, dir: dir, firstOrder: killed{args: settingsOf("first-order")}, leastSquares: killed{args: settingsOf("least-squares")}}
	if err := l.prepare(ctx); err != nil {
		return nil, fmt.Errorf("nothing can be tried: %w", err)
	}
	report := &bench.Report{Title: fmt.Sprintf("Robustness, seed %d; %v and %d MiB for each run", o.Seed, o.Limit, o.Memory>>20)}
	rows := [][]string{{"trials of", "number", "right", "clear", "wrong", "panic", "hang", "lost"}}
	for _, kind := range []struct {
		name  string
		count int
		make  func(*rand.Rand) trial
	}{
		{"damaged models", o.Models, l.damagedModel}, {"bad settings", o.Settings, l.badSetting}, {"odd files", o.Files, l.oddFile}, {"kills", o.Kills, l.kill},
	} {
		if kind.count == 0 {
			continue
		}
		counts, err := l.tryAll(ctx, kind.name, kind.count, kind.make)
		if err != nil {
			return nil, err
		}
		row, bad := []string{kind.name, fmt.Sprint(kind.count)}, 0
		for o, n := range counts {
			row = append(row, fmt.Sprint(n))
			if Outcome(o) > Clear {
				bad += n
			}
		}
		rows = append(rows, row)
		report.Claims = append(report.Claims, bench.Claim{Agrees: bad == 0, Text: fmt.Sprintf("%s: %d of %d end neither right nor clear", kind.name, bad, kind.count)})
	}
	report.Tables = []bench.Table{{Rows: rows}}
	if o.Kills > 0 {
		// A run that has ended before its signal came shows nothing.
		landed := int(l.landed.Load())
		report.Claims = append(report.Claims, bench.Claim{Agrees: landed >= o.Kills, Text: fmt.Sprintf("%d signals met a run that was under way, at least %d", landed, o.Kills)})
	}
	return report, nil
}

// tryAll makes trials of one kind, each with random numbers of its own, and counts how they end.
func (l *lab) tryAll(ctx context.Context, kind string, n int, make func(*rand.Rand) trial) ([outcomes]int, error) {
	var counts [outcomes]int
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := 0
	began := time.Now()
	for range l.Workers {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || ctx.Err() != nil {
					return
				}
				dir := filepath.Join(l.dir, fmt.Sprintf("%s %d", kind, i))
				out, why := Wrong, ""
				if err := os.Mkdir(dir, 0o755); err != nil {
					why = err.Error()
				} else {
					out, why = make(rand.New(rand.NewPCG(l.Seed, uint64(i))))(ctx, dir)
				}
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				if counts[out]++; out > Clear && l.Say != nil {
					l.Say("%s %d: %v: %s", kind, i, out, why)
				}
				mu.Unlock()
				l.clear(dir, out)
			}
		})
	}
	wg.Wait()
	if l.Say != nil {
		l.Say("%s: %d in %.0f s", kind, n, time.Since(began).Seconds())
	}
	return counts, context.Cause(ctx)
}

// clear removes the folder of a trial, or keeps it where the trial ended badly.
func (l *lab) clear(dir string, out Outcome) {
	if out > Clear && l.Keep != "" {
		to := filepath.Join(l.Keep, filepath.Base(dir))
		if err := errors.Join(os.MkdirAll(l.Keep, 0o755), os.CopyFS(to, os.DirFS(dir))); err != nil && l.Say != nil {
			l.Say("%s could not be kept: %v", to, err)
		}
	}
	os.RemoveAll(dir)
}
