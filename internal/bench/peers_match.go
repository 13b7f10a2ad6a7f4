package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/ode"
)

func anyMethod(ode.Method) bool { return true }
func onlyBDF(m ode.Method) bool { return m.Info().Name == ode.BDF.Info().Name }

// A match is what the cheapest settings of both sides took at one error.
type match struct {
	// peer is nil where no setting of the baseline reaches the error.
	peer     *baselineRun
	peerTook string
	// paired says that the sides took turns; otherwise the peer's time is that of the baseline's own run, minutes before.
	paired bool
	// ours and bdf are nil where no setting reaches the error, or none by BDF.
	ours, bdf *entrant
}

// An entrant is a setting of ours with its time, and its ratio to the peer's.
type entrant struct {
	setting *setting
	compute ownSide
	took    timing
	ratio   timing
	// quiet is the ratio of the tenth percentiles of all repeats, which a machine that is noisy now and then hardly changes.
	quiet float64
}

// compare adds a table and its claims.
func (p *peerRow) compare(ctx context.Context, r *Report, theirs []baselineRun, o *PeerOptions) error {
	settings, err := p.work.search(ctx, p.solvers, p.targets)
	if err != nil {
		return err
	}
	table := Table{Title: p.problem + ": " + p.what, Rows: [][]string{{"error ≤", "CVODE(S)", "error", "ms", "stiffnode", "error", "ms", "ratio", "quiet", "floor"}}}
	for _, target := range p.targets {
		m, err := p.match(ctx, settings, theirs, target, o)
		if err != nil {
			return err
		}
		table.Rows = append(table.Rows, m.judge(r, p, "", m.ours, target, p.floor))
		if p.bdf != 0 {
			table.Rows = append(table.Rows, m.judge(r, p, " by BDF", m.bdf, target, p.bdf))
		}
	}
	r.Tables = append(r.Tables, table)
	return nil
}

// judge makes the claim that one of our settings is within its floor, and returns the row of the table.
func (m *match) judge(r *Report, p *peerRow, label string, ours *entrant, target, floor float64) []string {
	row := []string{sci(target), "–", "", "", "–", "", "", "", "", fmt.Sprint(floor)}
	what := fmt.Sprintf("%s, %s%s", p.problem, p.what, label)
	if m.peer != nil {
		row[1], row[2], row[3] = m.peer.setting(), sci(m.peer.error()), m.peerTook
	}
	if ours == nil {
		r.claim(false, "%s: no setting reaches error %s", what, sci(target))
		return row
	}
	row[4], row[5], row[6] = ours.setting.String(), sci(ours.setting.error), ours.took.String()
	if m.peer == nil {
		return row
	}
	spread, unpaired := fmt.Sprintf(" [%.2f–%.2f]", ours.ratio.low, ours.ratio.high), ""
	if !m.paired {
		spread, unpaired = " unpaired", ", not timed in turns"
	}
	row[7] = fmt.Sprintf("%.2f%s", ours.ratio.median, spread)
	if m.paired {
		row[8] = fmt.Sprintf("%.2f", ours.quiet)
	}
	r.claim(ours.ratio.median <= floor, "%s at error %s: %.2f of the baseline's time, floor %g%s", what, sci(target), ours.ratio.median, floor, unpaired)
	return row
}

// match finds the cheapest settings of both sides that reach a target and times them in turns.
func (p *peerRow) match(ctx context.Context, settings []setting, theirs []baselineRun, target float64, o *PeerOptions) (m match, err error) {
	const turn, rounds = 25 * time.Millisecond, 5
	if m.ours, err = p.entrant(ctx, settings, target, anyMethod); err != nil {
		return m, err
	}
	if p.bdf != 0 {
		if m.bdf, err = p.entrant(ctx, settings, target, onlyBDF); err != nil {
			return m, err
		}
	}
	peer, program, err := choosePeer(ctx, contendersOf(theirs, p.problem, target), o.Say)
	if err != nil {
		return m, err
	}
	m.peer, m.paired = peer, program != nil
	var sides []side
	if m.paired {
		defer program.close()
		sides = append(sides, program)
	}
	var entrants []*entrant
	for _, e := range []*entrant{m.ours, m.bdf} {
		if e != nil {
			entrants, sides = append(entrants, e), append(sides, e.compute)
		}
	}
	if len(entrants) == 0 {
		return m, nil
	}
	spent, err := takeTurns(ctx, sides, turn, max(rounds, int(o.During/turn)), leastRepeats)
	if err != nil {
		return m, err
	}
	var theirTime timing
	switch {
	case m.paired:
		theirTime = summary(slices.Concat(spent[0]...))
		m.peerTook = theirTime.String()
	case peer != nil:
		median, high := peer.seconds()
		m.peerTook = fmt.Sprintf("%.3g [–%.3g]", 1e3*median, 1e3*high)
	}
	ours := spent[len(sides)-len(entrants):]
	for i, e := range entrants {
		e.took = summary(slices.Concat(ours[i]...))
		switch {
		case m.paired:
			e.ratio, e.quiet = ratioOf(ours[i], spent[0]), e.took.low/theirTime.low
		case peer != nil:
			e.ratio.median = e.took.median / peer.time()
		}
	}
	if m.bdf != nil {
		switch bdfFaster := ratioOf(ours[1], ours[0]).median < 1; {
		case bdfFaster:
			m.ours = m.bdf
		case onlyBDF(m.ours.setting.opt.Method):
			m.bdf = m.ours
		}
	}
	return m, nil
}

// entrant is our cheapest setting by certain methods, nil if there is none.
func (p *peerRow) entrant(ctx context.Context, settings []setting, target float64, accept func(ode.Method) bool) (*entrant, error) {
	best, compute, err := p.work.choose(ctx, settings, target, accept)
	if best == nil || err != nil {
		return nil, err
	}
	return &entrant{setting: best, compute: compute}, nil
}

// choosePeer lets the baseline's contenders take turns and returns the fastest, with its program running. Where the programs for turns have not been built it is the
// first, without one.
func choosePeer(ctx context.Context, contenders []*baselineRun, say func(string, ...any)) (_ *baselineRun, _ *programSide, err error) {
	const digits = 0.1 // what the error of a setting run alone may differ by: the baseline prints three
	if len(contenders) == 0 {
		return nil, nil, nil
	}
	first := contenders[0]
	var able []*baselineRun
	var sides []side
	chosen := -1
	defer func() {
		for i, s := range sides {
			if i != chosen {
				_ = s.close()
			}
		}
	}()
	for _, b := range contenders {
		cmd, preamble := b.inTurns(ctx)
		if _, err := os.Stat(cmd.Path); errors.Is(err, fs.ErrNotExist) {
			return first, nil, nil
		}
		p, err := startTurns(cmd, preamble)
		if err != nil {
			return nil, nil, err
		}
		if math.Abs(p.error-b.error()) > digits*b.error() {
			say("left out, since its error alone is %s and not %s: %s", sci(p.error), sci(b.error()), b.setting())
			_ = p.close()
			continue
		}
		able, sides = append(able, b), append(sides, p)
	}
	if len(able) == 0 {
		return first, nil, nil
	}
	best, err := fastestSide(ctx, sides)
	if err != nil {
		return nil, nil, err
	}
	chosen = best
	return able[best], sides[best].(*programSide), nil
}
