package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stiffnode/stiffnode/internal/durable"
)

// A checkpoint file is a line that says what it is, the SHA-256 of the rest, and the rest: a gob of checkpointState. The one before is kept
// beside it, so that at every moment at least one complete checkpoint exists.
const (
	checkpointMagic    = "stiffnode checkpoint 1\n"
	checkpointName     = "checkpoint"
	previousCheckpoint = "checkpoint.previous"
	newSuffix          = ".new"
)

// maxCheckpoint bounds what is read of a checkpoint, in bytes: more is none that a run wrote.
const maxCheckpoint = 1 << 32

type checkpointState struct {
	Fingerprint [32]byte // of configuration and data
	Epochs      int      // that the history has
	Elapsed     time.Duration
	Finished    bool
	Recipe      []byte
}

// A CheckpointError says why a run cannot be resumed.
type CheckpointError struct {
	Dir    string
	Reason string
	Remedy string
}

func (e *CheckpointError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Dir, e.Reason, e.Remedy)
}

// saveCheckpoint writes a checkpoint so that neither it nor the one before can be lost half way.
func saveCheckpoint(dir string, s *checkpointState) error {
	var payload bytes.Buffer
	if err := gob.NewEncoder(&payload).Encode(s); err != nil {
		return err
	}
	sum := sha256.Sum256(payload.Bytes())
	content := append([]byte(checkpointMagic), sum[:]...)
	content = append(content, payload.Bytes()...)
	path := filepath.Join(dir, checkpointName)
	if _, err := readCheckpoint(path); err != nil { // a damaged one is not worth keeping
		return durable.Replace(path, content)
	}
	if err := durable.Replace(path+newSuffix, content); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(dir, previousCheckpoint)); err != nil {
		return err
	}
	if err := os.Rename(path+newSuffix, path); err != nil {
		return err
	}
	return durable.SyncDir(dir)
}

// loadCheckpoint returns the latest checkpoint that is sound, with a note where that is not the latest one. There may be none: then all is
// nil.
func loadCheckpoint(dir string) (s *checkpointState, note string, err error) {
	s, errLatest := readCheckpoint(filepath.Join(dir, checkpointName))
	if errLatest == nil {
		return s, "", nil
	}
	s, errBefore := readCheckpoint(filepath.Join(dir, previousCheckpoint))
	missing := errors.Is(errLatest, fs.ErrNotExist)
	switch {
	case errBefore == nil && missing: // killed between two renames
		return s, "", nil
	case errBefore == nil:
		return s, fmt.Sprintf("the latest checkpoint %v; the one before it is used", errLatest), nil
	case missing && errors.Is(errBefore, fs.ErrNotExist):
		return nil, "", nil
	}
	return nil, "", &CheckpointError{Dir: dir, Reason: fmt.Sprintf("the checkpoint %v, and there is no sound one before it", errLatest), Remedy: "train again into another folder with --config " + filepath.Join(dir, ConfigName)}
}

func readCheckpoint(path string) (*checkpointState, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(content, []byte(checkpointMagic))
	if !ok || len(rest) < sha256.Size {
		return nil, errors.New("is not one that this version of stiffnode wrote, or is cut short")
	}
	payload := rest[sha256.Size:]
	if sum := sha256.Sum256(payload); !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil, errors.New("is damaged: its checksum does not agree")
	}
	var s checkpointState
	if err := gob.NewDecoder(bytes.NewReader(payload)).Decode(&s); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return &s, nil
}
