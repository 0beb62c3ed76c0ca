#!/usr/bin/env python3
"""Runs engines in lockstep for a long time: `verilated` against `model`, and `rtl` against `verilated`.

Each round takes another seed through every configuration and all of its tops, until the cycles asked for are done. What
came of it goes to docs/runs/<date>-<machine>/soak.json; a mismatch ends the soak, and `lightswitch lockstep` says how to
repeat it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import time

from exported import ROOT, configurations
from measure import RUNS, git, machine

LIGHTSWITCH = ROOT / "target" / "release" / "lightswitch"
VENV_BIN = ROOT / ".venv" / "bin"

# Engines side by side, cycles in all, and cycles of each top in a round.
PAIRS = (("verilated,model", 10_000_000, 200_000), ("rtl,verilated", 1_000_000, 20_000))


def lockstep(engines: str, config: str, cycles: int, seed: int) -> dict:
    """One run over the tops of a configuration: what it printed."""
    command = [str(LIGHTSWITCH), "lockstep", "--engines", engines, "--config", config, "--cycles", str(cycles)]
    command += ["--seed", str(seed), "--out", str(ROOT / "out" / "soak"), "--json"]
    env = dict(os.environ, PATH=f"{VENV_BIN}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"error: status {done.returncode}: {' '.join(command)}")
    return json.loads(done.stdout)


def soak(engines: str, wanted: int, share: int, first_seed: int) -> dict:
    """Rounds of one pair until `wanted` cycles are done, or two engines differ."""
    totals: dict[str, int] = {}
    started, mismatch, seed = time.process_time(), None, first_seed
    children = os.times().children_user
    while sum(totals.values()) < wanted and mismatch is None:
        for config in configurations():
            report = lockstep(engines, config, share, seed)
            totals[config] = totals.get(config, 0) + report["cycles"]
            mismatch = report["first_mismatch"]
            print(f"soak: {engines}, {sum(totals.values()):,} of {wanted:,} cycles", file=sys.stderr, flush=True)
            if mismatch:
                break
        seed += 1
    return {
        "engines": engines,
        "seeds": [first_seed, seed - 1],
        "cycles": sum(totals.values()),
        "cycles_per_config": totals,
        "first_mismatch": mismatch,
        "cpu_seconds": round(time.process_time() - started + os.times().children_user - children, 1),
    }


def main() -> int:
    """The command line; 1 if any two engines differ."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--share", type=float, default=1.0, help="this share of the cycles [1.0]")
    parser.add_argument("--seed", type=int, default=100, help="of the first round [100]")
    parser.add_argument("--trial", action="store_true", help="print, and keep nothing")
    args = parser.parse_args()
    build = ["cargo", "build", "--quiet", "--release", "-p", "lightswitch"]
    if subprocess.run(build, cwd=ROOT, check=False).returncode:
        print(f"error: failed: {' '.join(build)}", file=sys.stderr)
        return 1
    # Of what was built; more may be committed before the end.
    commit = git("rev-parse", "--short=12", "HEAD")
    runs = [soak(engines, int(wanted * args.share), share, args.seed) for engines, wanted, share in PAIRS]
    for run in runs:
        outcome = "DIFFER" if run["first_mismatch"] else "the same on every pin in every cycle"
        print(f"{run['engines']}: {run['cycles']:,} cycles, {outcome}, {run['cpu_seconds']:,} s CPU")
    if not args.trial:
        today = datetime.datetime.now(datetime.timezone.utc)
        folder = RUNS / f"{today:%Y-%m-%d}-{machine()}"
        folder.mkdir(parents=True, exist_ok=True)
        record = {"machine": machine(), "commit": commit, "runs": runs}
        (folder / "soak.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 1 if any(run["first_mismatch"] for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
