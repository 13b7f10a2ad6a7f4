package main

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/sens"
	"github.com/stiffnode/stiffnode/train"
)

// Exit statuses.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError is a command line that asks for the impossible.
type usageError string

func (e usageError) Error() string { return string(e) }

var (
	// errSilent ends a command whose output has said what is wrong.
	errSilent = errors.New("failed")
	// errInterrupted ends a command that was interrupted and has said so.
	errInterrupted = errors.Join(errSilent, context.Canceled)
)

// exitStatus sorts errors: 2 for what the caller can mend in the command, the data or the files, 130 for an interruption, 1 otherwise.
func exitStatus(err error) int {
	var failure *ode.Failure
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled), errors.As(err, &failure) && failure.Cause == ode.CauseCanceled:
		return exitInterrupted
	case errors.Is(err, syscall.ENOSPC): // neither the command nor its data are to blame
		return exitFailed
	case is[usageError](err), is[*data.Error](err), is[*train.ConfigError](err), is[*train.CheckpointError](err), is[*train.FolderError](err),
		is[*model.FileError](err), is[*ode.InputError](err), is[*problems.UnknownError](err), is[*sens.RefusedError](err), is[*fs.PathError](err):
		return exitUsage
	}
	return exitFailed
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// legible is a message as a terminal can show it: words that go on for ever, which someone wrote into a file, are cut in their middle, and what
// would command the terminal is shown as Go writes it in quotes.
func legible(message string) string {
	const longest, head, tail = 1000, 300, 100 // runes; a path may be long
	var b strings.Builder
	for _, line := range strings.SplitAfter(message, "\n") {
		for _, word := range strings.SplitAfter(line, " ") {
			if r := []rune(word); len(r) > longest {
				word = string(r[:head]) + "…" + string(r[len(r)-tail:])
			}
			for _, r := range word {
				if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError) {
					quoted := strconv.QuoteRuneToASCII(r)
					b.WriteString(quoted[1 : len(quoted)-1])
					continue
				}
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
