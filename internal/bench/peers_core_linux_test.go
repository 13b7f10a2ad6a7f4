package bench

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever cores the process has, it is on one of them until that is undone.
func TestOnOneCore(t *testing.T) {
	affinity := func() (set unix.CPUSet) {
		if err := unix.SchedGetaffinity(0, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	before := affinity()
	where, undo := onOneCore()
	during := affinity()
	undo()
	if !strings.HasPrefix(where, "pinned to core ") || during.Count() != 1 {
		t.Errorf("%s: on %d cores", where, during.Count())
	}
	if after := affinity(); after != before {
		t.Errorf("on %d cores afterwards, %d before", after.Count(), before.Count())
	}
}
