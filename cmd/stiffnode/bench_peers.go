package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchPeersCmd struct {
	CVODES     string        `name:"cvodes" help:"Folder into which the C baseline was built." required:"" placeholder:"DIR"`
	References string        `help:"Folder of reference material with the published networks and the baseline's scripts; by default a folder named shared beside the working directory." placeholder:"DIR"`
	Parts      string        `help:"What is compared: mech, forward, adjoint, sens (all sensitivities, which takes the baseline minutes)." default:"mech,forward,adjoint" placeholder:"A,B"`
	Repeats    int           `name:"baseline-repeats" help:"Repeats of each of the baseline's settings on networks; its script's own, 20 and more, if not given." placeholder:"N"`
	During     time.Duration `help:"Time for which each of the settings quoted is repeated, 20 times at least." default:"200ms"`
}

// Help says how to get figures that can be compared.
func (c *benchPeersCmd) Help() string {
	return "Ratios mean most on one core that nothing else uses: taskset -c 0 stiffnode bench peers …"
}

func (c *benchPeersCmd) Run(a *app) error {
	parts := strings.Split(c.Parts, ",")
	for _, p := range parts {
		if !slices.Contains(bench.PeerParts, p) {
			return usageError(fmt.Sprintf("--parts: %q is not one of %s", p, strings.Join(bench.PeerParts, ", ")))
		}
	}
	dir := bench.References(c.References)
	if dir == "" {
		return usageError("the published networks are not part of stiffnode: give the folder that holds them with --references")
	}
	r, err := bench.Peers(a.ctx, bench.PeerOptions{Build: c.CVODES, References: dir, Parts: parts, Repeats: c.Repeats, During: c.During, Say: func(f string, v ...any) { a.say(f, v...) }})
	return a.report(r, err, "")
}
