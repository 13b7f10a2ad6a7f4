"""What the peers share: the problem file, the settings tried, the clock and the lines printed.

A peer is called as

    PEER.py versions                              the versions of what it needs
    PEER.py sweep PROBLEM.json --target 1e-2 …    settings, their gradient errors and times, one JSON object a line
    PEER.py once PROBLEM.json COMBINATION RTOL FACTOR    one gradient, for the time from the start of the process

The state is divided by its scales before it is given to a peer: an absolute tolerance is then one of every component, as it is on the other side of the
comparison. The loss is Σ sign·(y − data)/(scale·n), the mean absolute error (Kim et al., 2021, Eq. 14) with the signs of its residuals fixed.
"""

import argparse
import json
import math
import os
import sys
import time

# one core: the affinity of every thread that is started later, and of the libraries' own pools
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

FACTORS = (1.0, 1e-3)  # absolute over relative tolerance, in units of the scales
LEAST_REPEATS = 20
FINALISTS = 3
MARGIN, PATIENCE = 10, 4


class Problem:
    """A network, where it is solved from and to, and the exact gradient of its loss."""

    def __init__(self, path):
        with open(path) as file:
            raw = json.load(file)
        self.name = raw["problem"]
        self.layers = [(layer["weight"], layer["bias"]) for layer in raw["layers"]]
        self.scale, self.t_scale = raw["y_scale"], raw["t_scale"]
        self.t0, self.times = raw["t0"], raw["times"]
        self.u0 = [y / s for y, s in zip(raw["y0"], self.scale)]
        count = len(self.times) * len(self.scale)
        self.weights = [[sign / count for sign in row] for row in raw["signs"]]
        self.targets = [[d / s for d, s in zip(row, self.scale)] for row in raw["data"]]
        self.exact = raw["gradient"]

    def error(self, gradient):
        """The relative error of a flat gradient in the Euclidean norm."""
        wrong = math.sqrt(sum((a - b) ** 2 for a, b in zip(gradient, self.exact)))
        return wrong / math.sqrt(sum(b * b for b in self.exact))


def say(**fields):
    """Prints a line; numbers that are not finite, which JSON has no words for, become null."""
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}
    print(json.dumps(finite), flush=True)


def message(failure):
    """The first line of an exception."""
    lines = str(failure).strip().splitlines() or [""]
    return f"{type(failure).__name__}: {lines[0]}"[:300]


def seconds(compute, repeats, during=0.0):
    """Sorted processor seconds of all threads of this process, repeated as often as asked and for the time asked."""
    took, began = [], time.perf_counter()
    while len(took) < repeats or time.perf_counter() - began < during:
        start = time.process_time()
        compute()
        took.append(time.process_time() - start)
    return sorted(took)


def sweep(peer, problem, combinations, make, targets, during):
    """Tries every combination at tolerances of two a decade, and repeats those that look cheapest for a target.

    make(combination) returns two functions: one of rtol and atol that computes, whose time is taken, and one that reads what it returned as a flat
    gradient and a number of steps or evaluations, or raises.
    """
    tightest, quickest, trials = min(targets), math.inf, []
    for combination in combinations:
        label = dict(peer=peer, prob=problem.name, combination=combination)
        try:
            compute, read = make(combination)
        except Exception as failure:
            say(**label, fail=message(failure))
            continue
        first = None
        for factor in FACTORS:
            worked = False
            for half in range(2, 21):
                rtol = 10 ** (-half / 2)
                setting = dict(label, rtol=rtol, atol_factor=factor)
                try:
                    start = time.process_time()
                    result = compute(rtol, factor * rtol)
                    took = time.process_time() - start
                    if first is None:  # this one was compiled
                        first = took
                        took = seconds(lambda: compute(rtol, factor * rtol), 1)[0]
                    value, work = read(result)
                    error = problem.error(value)
                    # what takes seconds is not repeated before it is known to be of use
                    if took < 1:
                        took = seconds(lambda: compute(rtol, factor * rtol), 3)[0]
                except Exception as failure:
                    say(**setting, fail=message(failure))
                    # what fails at a loose tolerance may work at a tighter one, but what begins to fail then goes on failing
                    if first is None or worked or isinstance(failure, TimeoutError):
                        break
                    continue
                setting.update(grad_relL2_frozen=error, first_s=first, work=work)
                if not math.isfinite(error):
                    say(**setting, fail="the gradient is not finite")
                    continue
                worked = True
                say(**setting, ms_cpu_med=1e3 * took, repeats=1)
                trials.append((took, setting, compute))
                if error <= tightest:
                    quickest = min(quickest, took)
                if error <= tightest / MARGIN or took > PATIENCE * quickest:
                    break
            if first is None:
                break
    finalists = {}
    for target in targets:
        # of each combination too, so that any of them can be quoted, unless that takes long and none would quote it
        able = sorted((t for t in trials if t[1]["grad_relL2_frozen"] <= target), key=lambda t: t[0])
        best_of = {}
        for trial in able:
            if trial[0] < 1:
                best_of.setdefault(trial[1]["combination"], trial)
        for trial in able[:FINALISTS] + list(best_of.values()):
            finalists[id(trial[1])] = trial
    for _, setting, compute in finalists.values():
        rtol, atol = setting["rtol"], setting["rtol"] * setting["atol_factor"]
        took = seconds(lambda: compute(rtol, atol), LEAST_REPEATS, during)
        n = len(took)
        say(**setting, ms_cpu_med=1e3 * took[n // 2], ms_cpu_p10=1e3 * took[n // 10], ms_cpu_p90=1e3 * took[n - 1 - n // 10], repeats=n)


def main(peer, versions, combinations, load):
    """The command line. load(problem) imports the peer and returns make."""
    parser = argparse.ArgumentParser()
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("versions")
    several = modes.add_parser("sweep")
    several.add_argument("problem")
    several.add_argument("--target", type=float, action="append", required=True)
    several.add_argument("--during", type=float, default=0.2)
    several.add_argument("--combinations", default=",".join(combinations))
    once = modes.add_parser("once")
    once.add_argument("problem")
    once.add_argument("combination")
    once.add_argument("rtol", type=float)
    once.add_argument("factor", type=float)
    args = parser.parse_args()
    if args.mode == "versions":
        say(peer=peer, versions=dict({"python": sys.version.split()[0]}, **versions()))
        return
    problem = Problem(args.problem)
    make = load(problem)
    if args.mode == "sweep":
        sweep(peer, problem, args.combinations.split(","), make, args.target, args.during)
        return
    compute, read = make(args.combination)
    value, work = read(compute(args.rtol, args.factor * args.rtol))
    say(peer=peer, prob=problem.name, combination=args.combination, rtol=args.rtol, atol_factor=args.factor,
        grad_relL2_frozen=problem.error(value), work=work, repeats=1)
