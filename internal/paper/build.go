package paper

import "runtime/debug"

// madeBy names the commit that the running program was built from.
func madeBy(opt Options) string {
	call := "stiffnode paper"
	if opt.Long {
		call += " --long"
	}
	return "Made by `" + call + "`, " + commit() + "."
}

// commit names the commit that the running program was built from, in words.
func commit() string {
	info, _ := debug.ReadBuildInfo()
	return builtFrom(info)
}

func builtFrom(info *debug.BuildInfo) string {
	if c := commitOf(info); c != "" {
		return "commit " + c
	}
	return "a program that does not know its commit: build it with go build in a clone"
}

func commitOf(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes that are not committed"
		}
	}
	if commit == "" {
		return ""
	}
	return commit + changed
}
