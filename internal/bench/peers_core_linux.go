package bench

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// onOneCore keeps all threads of this process, and the processes that it starts, on one of the cores that it may run on: the last, since the first
// serves most interrupts. It says which, or why not, and returns what undoes it.
func onOneCore() (where string, undo func()) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Sprintf("not pinned to a core: %v", err), func() {}
	}
	last := -1
	for core := range len(allowed) * strconv.IntSize {
		if allowed.IsSet(core) {
			last = core
		}
	}
	if allowed.Count() == 1 {
		return fmt.Sprintf("pinned to core %d", last), func() {}
	}
	var one unix.CPUSet
	one.Set(last)
	if err := setAffinity(&one); err != nil {
		_ = setAffinity(&allowed)
		return fmt.Sprintf("not pinned to a core: %v", err), func() {}
	}
	return fmt.Sprintf("pinned to core %d", last), func() { _ = setAffinity(&allowed) }
}

// setAffinity sets that of all threads. A thread starts with that of the one that starts it, so that none escapes once a pass has found no new one.
func setAffinity(set *unix.CPUSet) error {
	done := map[int]bool{}
	for found := true; found; {
		found = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil || done[id] {
				continue
			}
			if err := unix.SchedSetaffinity(id, set); err != nil && err != unix.ESRCH {
				return err
			}
			done[id], found = true, true
		}
	}
	return nil
}

// processor is the name that the processor gives itself, empty where it has none.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, name, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
