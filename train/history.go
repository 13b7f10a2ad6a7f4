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

// ReadHistory reads what WriteHistory wrote. A last line that is not complete is left out.
func ReadHistory(r io.Reader) ([]Record, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	text, ok := bytes.CutPrefix(text, []byte(historyHeader))
	if !ok {
		return nil, fmt.Errorf("this is no history: it does not begin with %s", strings.TrimSpace(historyHeader))
	}
	var out []Record
	for n := 2; ; n++ {
		line, rest, complete := bytes.Cut(text, []byte{'\n'})
		if !complete {
			return out, nil
		}
		text = rest
		var r Record
		if err := r.parse(string(line)); err != nil {
			return out, fmt.Errorf("line %d of the history: %w", n, err)
		}
		out = append(out, r)
	}
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
	f       *os.File
	written int // records on the disk
	line    []byte
}

// openHistory begins the file anew with the records given.
func openHistory(dir string, records []Record) (*historyFile, error) {
	f, err := os.Create(filepath.Join(dir, HistoryName))
	if err != nil {
		return nil, err
	}
	if err := WriteHistory(f, records); err != nil {
		f.Close()
		return nil, err
	}
	return &historyFile{f: f, written: len(records)}, nil
}

// flush appends the records that are not yet on the disk, and waits until they are.
func (h *historyFile) flush(records []Record) error {
	h.line = h.line[:0]
	for i := range records[h.written:] {
		h.line = appendRecord(h.line, &records[h.written+i])
	}
	if _, err := h.f.Write(h.line); err != nil {
		return err
	}
	h.written = len(records)
	return h.f.Sync()
}
