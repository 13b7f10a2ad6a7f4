package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchPeersCmd struct {
	CVODES     string        `name:"cvodes" help:"Folder into which the C baseline was built, and then, by internal/bench/cvodes/build.sh, the programs that time its settings in turns." required:"" placeholder:"DIR"`
	References string        `help:"Folder of reference material with the published networks and the baseline's scripts; by default a folder named shared beside the working directory." placeholder:"DIR"`
	Parts      string        `help:"What is compared: mech, forward, adjoint, sens (all sensitivities, which takes the baseline minutes)." default:"mech,forward,adjoint" placeholder:"A,B"`
	Repeats    int           `name:"baseline-repeats" help:"Repeats of each of the baseline's settings on networks in the search for its cheapest; its script's own, 20 and more, if not given." placeholder:"N"`
	During     time.Duration `help:"Time for which each of the settings quoted is repeated, in turns; 20 times and in 5 rounds at least." default:"500ms"`
	JSON       bool          `help:"One JSON object."`
}

// Help says what is measured, and what the numbers mean.
func (c *benchPeersCmd) Help() string {
	return `Both sides are searched for their cheapest setting (method and tolerances) that reaches an error; those that come near it take turns until the fastest is known, on either side. These two are
then timed alternately, a fortieth of a second each: CVODE(S), stiffnode, stiffnode, CVODE(S), and so on.

In the tables, ms are milliseconds of processor time of all repeats, median [p10–p90]. They carry whatever shared the processor meanwhile. The ratio
does so much less: it is taken within each round of turns, stiffnode's median over CVODE(S)'s, and what is printed is its median over rounds, [p10–p90]; claims are about this median. Under "quiet" stands the ratio of
the tenth percentiles of all repeats: where the two differ, the machine was noisy for most of the time, and the noise slowed one side more than the other. A ratio marked
unpaired divides by the time of the baseline's own run, minutes before; it is what there is where the programs for turns have not been built.

The command keeps itself and the baseline on one core, the last of those it may run on: choose it with taskset -c N stiffnode bench peers …`
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
	if err != nil || !c.JSON {
		return a.report(r, err, "")
	}
	if err := r.WriteJSON(a.out); err != nil {
		return err
	}
	if r.Failed() {
		return errSilent
	}
	return nil
}
