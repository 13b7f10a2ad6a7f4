package main

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

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
