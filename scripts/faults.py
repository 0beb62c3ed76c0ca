#!/usr/bin/env python3
"""Puts one fault after the other into a copy of the project, and sees that lockstep finds each of them.

The faults are patches of one line in sim/faults/, in the model, the RTL and the exporter; the first line of each names the
engines that then have to differ. The copy is the last commit, in out/faults/. Prints caught/total; a fault that is not
caught, or does not compile, fails. What came of it goes to docs/runs/<date>-<machine>/faults.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

from exported import ROOT
from measure import RUNS, git, machine

FAULTS, WORK = ROOT / "sim" / "faults", ROOT / "out" / "faults"
TREE = WORK / "tree"
CONFIGS = ("4x64", "2x32")
CYCLES, SEED = 24_000, 1


class FaultError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


def run(command: list[str], **options) -> subprocess.CompletedProcess:
    """A command inside the copy, built in a folder of its own, with the tools of the project."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(WORK / "target"), LIGHTSWITCH_CACHE=str(WORK / "cache"))
    env["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
    return subprocess.run(command, cwd=TREE, env=env, text=True, capture_output=True, check=False, **options)


def copy_tree() -> None:
    """Makes the copy, or brings it back to the last commit; sources that did not change keep their times."""
    TREE.mkdir(parents=True, exist_ok=True)
    if not (TREE / ".git").exists():
        done = run(["git", "clone", "--quiet", str(ROOT), "."])
    else:
        done = run(["git", "fetch", "--quiet", "origin", "HEAD"])
        done = run(["git", "reset", "--quiet", "--hard", "FETCH_HEAD"]) if done.returncode == 0 else done
    if done.returncode:
        raise FaultError(f"cannot copy the last commit to {TREE}: {done.stderr.strip()}; remove the folder")


def compare(engines: str, config: str) -> dict:
    """Lockstep in the copy; what it printed."""
    command = ["cargo", "run", "--quiet", "-p", "lightswitch", "--", "lockstep", "--engines", engines, "--config", config]
    command += ["--cycles", str(CYCLES), "--seed", str(SEED), "--out", str(WORK / "found"), "--json"]
    done = run(command)
    if not done.stdout:
        raise FaultError(f"no answer from {' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def try_fault(patch: Path) -> dict:
    """Applies one fault, compares, and takes it back."""
    head, _ = patch.read_text(encoding="utf-8").split("\n", maxsplit=1)
    engines = head.removeprefix("engines: ")
    done = run(["git", "apply", str(patch)])
    if done.returncode:
        raise FaultError(f"{patch.name} does not apply: {done.stderr.strip()}; make it anew")
    try:
        for config in CONFIGS:
            found = compare(engines, config)["first_mismatch"]
            if found:
                place = f"{config} {found['top']}, cycle {found['cycle']}, {found['pin']}"
                return {"fault": patch.stem, "engines": engines, "caught": True, "where": place}
        return {"fault": patch.stem, "engines": engines, "caught": False, "where": None}
    finally:
        run(["git", "checkout", "--quiet", "--", "."])


def main() -> int:
    """The command line; 1 unless every fault is caught."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", metavar="TEXT", default="", help="faults whose name has this in it, like rtl-")
    parser.add_argument("--trial", action="store_true", help="print, and keep nothing")
    args = parser.parse_args()
    patches = [patch for patch in sorted(FAULTS.glob("*.patch")) if args.only in patch.stem]
    if not patches:
        print(f"error: no fault in {FAULTS} has {args.only!r} in its name", file=sys.stderr)
        return 2
    results = []
    try:
        copy_tree()
        for engines in ("rtl,model", "verilated,model"):
            if any(compare(engines, config)["first_mismatch"] for config in CONFIGS):
                raise FaultError(f"{engines} differ without any fault: run scripts/soak")
        for patch in patches:
            results.append(try_fault(patch))
            result = results[-1]
            print(f"{result['fault']:<36} {result['where'] or 'NOT CAUGHT'}", flush=True)
    except FaultError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    caught = sum(result["caught"] for result in results)
    print(f"{caught}/{len(results)} caught")
    if not args.trial and not args.only:
        today = datetime.datetime.now(datetime.timezone.utc)
        folder = RUNS / f"{today:%Y-%m-%d}-{machine()}"
        folder.mkdir(parents=True, exist_ok=True)
        record = {"machine": machine(), "commit": git("rev-parse", "--short=12", "HEAD"), "faults": results}
        (folder / "faults.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0 if caught == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
