//go:build !linux

package bench

// onOneCore would keep this process on one core; here it cannot.
func onOneCore() (where string, undo func()) {
	return "not pinned to a core, which only Linux can do", func() {}
}

// processor is the name that the processor gives itself, which is not asked for here.
func processor() string { return "" }
