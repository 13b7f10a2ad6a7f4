package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A side is something computed that is timed in turns with others, so that what disturbs the machine for seconds disturbs all of them.
type side interface {
	// turn repeats it for the time given, once at least, and returns the seconds of every repeat.
	turn(during time.Duration) ([]float64, error)
	close() error
}

// ownSide is a computation in this process.
type ownSide func() error

func (do ownSide) turn(during time.Duration) ([]float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var seconds []float64
	for began := time.Now(); len(seconds) == 0 || time.Since(began) < during; {
		start := threadTime()
		if err := do(); err != nil {
			return nil, err
		}
		seconds = append(seconds, (threadTime() - start).Seconds())
	}
	return seconds, nil
}

func (do ownSide) close() error { return nil }

// programSide is one setting of the C baseline in a process of its own, which cvodes/turns.h says how to talk to; while it is not asked it waits.
type programSide struct {
	cmd   *exec.Cmd
	ask   io.WriteCloser
	reply *bufio.Reader
	talk  strings.Builder
	// error is that of its result.
	error float64
}

// startTurns starts a program that takes turns, after telling it a preamble.
func startTurns(cmd *exec.Cmd, preamble string) (*programSide, error) {
	p := &programSide{cmd: cmd}
	cmd.Stderr = &p.talk
	ask, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	reply, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.ask, p.reply = ask, bufio.NewReader(reply)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := p.exchange(preamble)
	if err == nil {
		p.error, err = strconv.ParseFloat(strings.TrimSpace(line), 64)
	}
	if err != nil {
		p.close()
		return nil, p.broke(err)
	}
	return p, nil
}

func (p *programSide) exchange(say string) (string, error) {
	if _, err := io.WriteString(p.ask, say); err != nil {
		return "", err
	}
	return p.reply.ReadString('\n')
}

func (p *programSide) broke(err error) error {
	return fmt.Errorf("the C baseline (%s) took no turn: %w; internal/bench/cvodes/build.sh makes its programs anew\n%s", strings.Join(p.cmd.Args, " "), err, p.talk.String())
}

func (p *programSide) turn(during time.Duration) ([]float64, error) {
	line, err := p.exchange(fmt.Sprintf("%g\n", during.Seconds()))
	if err != nil {
		return nil, p.broke(err)
	}
	var micro []float64
	if err := json.Unmarshal([]byte(line), &micro); err != nil || len(micro) == 0 {
		return nil, p.broke(fmt.Errorf("it printed %q", line))
	}
	for i := range micro {
		micro[i] *= 1e-6
	}
	return micro, nil
}

func (p *programSide) close() error {
	p.ask.Close()
	return p.cmd.Wait()
}

// takeTurns gives each of the sides a turn in every round, in the opposite order in every other one: a drift of the machine's speed cancels. There are so many rounds
// at least, and more until every side has been repeated so often. The result is the seconds by side, round and repeat.
func takeTurns(ctx context.Context, sides []side, turn time.Duration, rounds, repeats int) ([][][]float64, error) {
	out := make([][][]float64, len(sides))
	counts := make([]int, len(sides))
	for round := 0; round < rounds || slices.Min(counts) < repeats; round++ {
		for i := range sides {
			if round%2 != 0 {
				i = len(sides) - 1 - i
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			seconds, err := sides[i].turn(turn)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], seconds)
			counts[i] += len(seconds)
		}
	}
	return out, nil
}

// fastestSide is the fastest of several, which take turns in two heats: the second is for the fastest of the first. What counts is the median over rounds of a
// side's time in units of the middle one of the round, so that no side loses by a round in which the machine was slow.
func fastestSide(ctx context.Context, sides []side) (int, error) {
	const rounds = 10
	in := make([]int, len(sides))
	for i := range in {
		in[i] = i
	}
	for _, heat := range []struct {
		turn time.Duration
		stay int
	}{{5 * time.Millisecond, 3}, {15 * time.Millisecond, 1}} {
		if len(in) <= heat.stay {
			continue
		}
		running := make([]side, len(in))
		for i, s := range in {
			running[i] = sides[s]
		}
		spent, err := takeTurns(ctx, running, heat.turn, rounds, 0)
		if err != nil {
			return 0, err
		}
		scores := relativeTimes(spent)
		order := make([]int, len(in))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
		next := make([]int, heat.stay)
		for i := range next {
			next[i] = in[order[i]]
		}
		in = next
	}
	return in[0], nil
}

// relativeTimes are, for every side, the median over rounds of its median within the round in units of the middle side's.
func relativeTimes(spent [][][]float64) []float64 {
	relative := make([][]float64, len(spent))
	for round := range spent[0] {
		of := make([]float64, len(spent))
		for i := range spent {
			of[i] = middle(spent[i][round])
		}
		unit := middle(of)
		for i := range spent {
			relative[i] = append(relative[i], of[i]/unit)
		}
	}
	out := make([]float64, len(spent))
	for i := range out {
		out[i] = middle(relative[i])
	}
	return out
}

// ratioOf compares two sides that took turns: the median over rounds of the ratio of their medians within the round, with its spread.
func ratioOf(ours, theirs [][]float64) timing {
	ratios := make([]float64, len(ours))
	for round := range ours {
		ratios[round] = middle(ours[round]) / middle(theirs[round])
	}
	return summary(ratios)
}
