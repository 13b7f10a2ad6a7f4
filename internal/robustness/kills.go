package robustness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

// killed is a training run that is killed, with the model it ends with when it is not.
type killed struct {
	args []string
	once sync.Once
	took time.Duration
	want []byte
	err  string
}

func settingsOf(recipe string) []string {
	args := []string{"train", "../plain.csv", "--no-figures", "--network", "2x6", "--set", "train.checkpoint=0.01", "--set", "train.recipe=" + recipe}
	if recipe == "first-order" {
		return append(args, "--epochs", "4000", "--set", "starts.count=2", "--set", "starts.epochs=50", "--set", "steer.fraction=0.2")
	}
	return append(args, "--epochs", "400", "--set", "loss.noise=[1e-9]")
}

// kill ends training runs at random moments, by a signal that cannot be caught or by the one of Ctrl-C, and goes on with them until they end:
// with the same model, bit for bit, as a run that nobody ended.
func (l *lab) kill(rng *rand.Rand) trial {
	k := &l.firstOrder
	if rng.IntN(3) == 0 {
		k = &l.leastSquares
	}
	return func(ctx context.Context, dir string) (Outcome, string) {
		k.once.Do(func() { k.whole(ctx, l) })
		if k.err != "" {
			return Wrong, k.err
		}
		folder := filepath.Join(dir, "run")
		args := append(append([]string{}, k.args...), "--out", "run")
		for kills := 0; ; kills++ {
			var signal os.Signal
			if kills < 3 {
				signal = []os.Signal{os.Kill, os.Interrupt}[rng.IntN(2)]
			}
			after := time.Duration(rng.Float64() * float64(k.took))
			ended, status, talk := l.interrupt(ctx, dir, args, signal, after)
			switch {
			case trace.MatchString(talk):
				return Panic, talk
			case ended && status > 1: // 1 is said of a model that has not learned much
				return Lost, fmt.Sprintf("after %d kills, the last %v after %v: %q: status %d: %s", kills, signal, after, args, status, talk)
			case !ended && signal == nil:
				return Hang, fmt.Sprintf("%q does not end: %s", args, talk)
			case !ended && status == -2:
				return Hang, fmt.Sprintf("%q: deaf to %v: %s", args, signal, talk)
			}
			if _, err := model.Load(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return Lost, "a model that is not whole: " + err.Error()
			}
			if ended {
				break
			}
			l.landed.Add(1)
			if _, err := train.LoadConfig(filepath.Join(folder, train.ConfigName)); err == nil {
				args = []string{"train", "--no-figures", "--resume", "run"}
			} else if !errors.Is(err, fs.ErrNotExist) {
				return Lost, "a configuration that is not whole: " + err.Error()
			}
		}
		got, err := os.ReadFile(filepath.Join(folder, model.FileName))
		if err != nil {
			return Lost, err.Error()
		}
		if !bytes.Equal(got, k.want) {
			return Wrong, "another model than that of a run that was not killed"
		}
		return Right, ""
	}
}

// whole is the run that nobody ends.
func (k *killed) whole(ctx context.Context, l *lab) {
	dir, err := os.MkdirTemp(l.dir, "whole")
	if err != nil {
		k.err = err.Error()
		return
	}
	began := time.Now()
	r := l.execute(ctx, dir, append(append([]string{}, k.args...), "--out", "run")...)
	k.took = time.Since(began)
	if k.want, err = os.ReadFile(filepath.Join(dir, "run", model.FileName)); err != nil {
		k.err = fmt.Sprintf("%v: %s", err, r.err)
	}
}

// interrupt runs the program and sends it a signal after a while. It says whether the program ended on its own and with which status: −1 after
// the signal, −2 if it would not end.
func (l *lab) interrupt(ctx context.Context, dir string, args []string, signal os.Signal, after time.Duration) (ended bool, status int, talk string) {
	ctx, cancel := context.WithTimeout(ctx, l.Limit)
	defer cancel()
	c := l.command(ctx, dir, args)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		return true, 2, err.Error()
	}
	if signal != nil {
		timer := time.AfterFunc(after, func() { c.Process.Signal(signal) })
		defer timer.Stop()
	}
	_ = c.Wait() // the process's state says it
	talk = strings.TrimSpace(out.String())
	if len(talk) > 600 {
		talk = talk[len(talk)-600:]
	}
	const interrupted = 130
	switch status := c.ProcessState.ExitCode(); {
	case ctx.Err() != nil:
		return false, -2, talk
	case status == -1, status == interrupted && signal == os.Interrupt:
		return false, -1, talk
	default:
		return true, status, talk
	}
}
