package train

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/durable"
)

const historyHeader = "epoch,loss,mae,gradient_norm,learning_rate,failures,seconds\n"

// HistoryName is the name of the history in a run folder.
const HistoryName = "history.csv"

// WriteHistory writes records as CSV.
func WriteHistory(w io.Writer, history []Record) error {
	b := bufio.NewWriter(w)
	b.WriteString(historyHeader)
	var line []byte
	for _, r := range history {
		line = appendRecord(line[:0], &r)
		b.Write(line)
	}
	return b.Flush()
}

func appendRecord(line []byte, r *Record) []byte {
	line = strconv.AppendInt(line, int64(r.Epoch), 10)
	for _, v := range [...]float64{r.Loss, r.MAE, r.GradientNorm, r.LearningRate} {
		line = append(line, ',')
		line = strconv.AppendFloat(line, v, 'g', 9, 64)
	}
	line = append(line, ',')
	line = strconv.AppendInt(line, int64(r.Failures), 10)
	line = append(line, ',')
	line = strconv.AppendFloat(line, r.Elapsed.Seconds(), 'f', 4, 64)
	return append(line, '\n')
}

// ReadHistory reads what WriteHistory wrote. A last line that is not complete is left out. Where lines are damaged, the error says which is the
// first, and the records are those of the others.
func ReadHistory(r io.Reader) ([]Record, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxHistory))
	if err != nil {
		return nil, err
	}
	var out []Record
	head := strings.TrimSpace(historyHeader)
	for n := 1; ; n++ {
		line, rest, complete := bytes.Cut(text, []byte{'\n'})
		if !complete {
			if n == 1 && err == nil {
				err = fmt.Errorf("this is no history: it does not begin with %s", head)
			}
			return out, err
		}
		text = rest
		var r Record
		bad := r.parse(string(line))
		switch {
		case n == 1 && string(line) != head:
			err = fmt.Errorf("this is no history: it does not begin with %s", head)
		case n == 1:
		case bad == nil && (len(out) == 0 || r.Epoch > out[len(out)-1].Epoch):
			out = append(out, r)
		case err == nil && bad == nil:
			err = fmt.Errorf("line %d of the history: epoch %d follows epoch %d", n, r.Epoch, out[len(out)-1].Epoch)
		case err == nil:
			err = fmt.Errorf("line %d of the history: %w", n, bad)
		}
	}
}

// maxHistory bounds what is read: ten million epochs.
const maxHistory = 1 << 30

// resumeHistory reads the history of the first epochs of a run from its folder, as far as it can be read. What is lost is only told: nothing is
// computed from it.
func resumeHistory(dir string, epochs int) (out []Record, note string) {
	f, err := os.Open(filepath.Join(dir, HistoryName))
	var all []Record
	if err == nil {
		all, err = ReadHistory(f)
		f.Close()
	}
	for _, r := range all {
		if r.Epoch >= 0 && r.Epoch < epochs {
			out = append(out, r)
		}
	}
	if lost := epochs - len(out); lost > 0 {
		note = fmt.Sprintf("%s lacks %d of %d epochs", HistoryName, lost, epochs)
		if err != nil {
			note += fmt.Sprintf(" (%v)", err)
		}
		note += "; training goes on from the checkpoint, which is sound"
	}
	return out, note
}

func (r *Record) parse(line string) error {
	cells := strings.Split(line, ",")
	if len(cells) != 7 {
		return fmt.Errorf("%d cells, want 7", len(cells))
	}
	var err error
	number := func(s string) float64 {
		v, e := strconv.ParseFloat(s, 64)
		if e != nil {
			err = e
		}
		return v
	}
	r.Epoch = int(number(cells[0]))
	r.Loss, r.MAE, r.GradientNorm, r.LearningRate = number(cells[1]), number(cells[2]), number(cells[3]), number(cells[4])
	r.Failures = int(number(cells[5]))
	r.Elapsed = time.Duration(number(cells[6]) * float64(time.Second))
	return err
}

// historyFile is the history of a run as it grows.
type historyFile struct {
	f       durable.File
	size    int64 // bytes on the disk that are whole lines
	written int   // records in them
	line    []byte
}

// openHistory begins the file anew with the records given.
func openHistory(dir string, records []Record) (*historyFile, error) {
	var text bytes.Buffer
	if err := WriteHistory(&text, records); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, HistoryName)
	if err := durable.Replace(path, text.Bytes()); err != nil {
		return nil, err
	}
	f, err := durable.OpenUpdate(path)
	if err != nil {
		return nil, err
	}
	return &historyFile{f: f, size: int64(text.Len()), written: len(records)}, nil
}

// flush appends the records that are not yet on the disk, and waits until they are. After a failure, in the middle of a line perhaps, the next
// call writes them again at the same place.
func (h *historyFile) flush(records []Record) error {
	h.line = h.line[:0]
	for i := range records[h.written:] {
		h.line = appendRecord(h.line, &records[h.written+i])
	}
	if _, err := h.f.WriteAt(h.line, h.size); err != nil {
		return err
	}
	if err := h.f.Sync(); err != nil {
		return err
	}
	h.size += int64(len(h.line))
	h.written = len(records)
	return nil
}
