package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/stiffnode/stiffnode/train"
)

// progress shows a run on its way: a bar on a terminal, now and then a line elsewhere.
type progress struct {
	w      io.Writer
	total  int
	before int // epochs that lay behind when the clock began, after the first one: it may do much that others do not
	began  time.Time
	seen   bool // some epoch
	shown  time.Time
	every  time.Duration
	mu     sync.Mutex
	last   train.Record
	bars   *mpb.Progress
	bar    *mpb.Bar
}

const (
	lineEvery = 2 * time.Second
	barEvery  = 100 * time.Millisecond
)

func newProgress(w io.Writer, total, done int) *progress {
	p := &progress{w: w, total: total, shown: time.Now(), every: lineEvery}
	if !isTerminal(w) {
		return p
	}
	p.every = barEvery
	p.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(barEvery))
	p.bar = p.bars.AddBar(int64(total),
		mpb.PrependDecorators(decor.CountersNoUnit("%d/%d ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.figures() })))
	p.bar.SetCurrent(int64(done))
	return p
}

// isTerminal says whether a writer is one. A device of characters that is none, such as the null device, does no harm.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// epoch is the run's observer.
func (p *progress) epoch(r train.Record) {
	now := time.Now()
	if p.before == 0 {
		p.mu.Lock()
		p.before, p.began = r.Epoch+1, now
		p.mu.Unlock()
	}
	if now.Sub(p.shown) < p.every && r.Epoch+1 < p.total {
		return
	}
	p.shown = now
	p.mu.Lock() // a bar draws on a goroutine of its own
	p.last, p.seen = r, true
	p.mu.Unlock()
	if p.bar == nil {
		fmt.Fprintf(p.w, "epoch %d/%d  %s\n", r.Epoch+1, p.total, p.figures())
		return
	}
	p.bar.SetCurrent(int64(r.Epoch + 1))
}

// figures are the numbers beside the bar.
func (p *progress) figures() string {
	p.mu.Lock()
	r, seen, before, began := p.last, p.seen, p.before, p.began
	p.mu.Unlock()
	if !seen {
		return "starting"
	}
	done := r.Epoch + 1 - before
	left := ""
	if done > 0 {
		rest := time.Duration(float64(time.Since(began)) / float64(done) * float64(p.total-r.Epoch-1))
		left = fmt.Sprintf("  %s left", rest.Round(time.Second))
	}
	return fmt.Sprintf("loss %.3e  |gradient| %.2e%s", r.Loss, r.GradientNorm, left)
}

func (p *progress) close() {
	if p.bars != nil {
		p.bar.Abort(false)
		p.bars.Wait()
	}
}
