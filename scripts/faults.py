#!/usr/bin/env python3
"""Puts one fault after the other into a copy of the project, and sees that lockstep finds each of them.

The faults are patches of one line in sim/faults/, in the model, the RTL and the exporter; the first line of each names
the engines that then have to differ. The copies are of the last commit, in out/faults/, one for each of --jobs. Prints
caught/total; a fault that is not caught, or does not compile, fails. What came of it goes to
docs/runs/<date>-<machine>/faults.json; with --only, in place of what stands there of the same faults.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import queue
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exported import ROOT
from measure import RUNS, git, machine

FAULTS, WORK = ROOT / "sim" / "faults", ROOT / "out" / "faults"
CONFIGS = ("4x64", "2x32")
# The switch first: most faults show in it.
TOPS = ("switch", "fabric-mc", "fabric")
PAIRS = ("rtl,model", "verilated,model")
CYCLES, SEED = 24_000, 1


class FaultError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


class Copy:
    """A copy of the last commit, built in a folder of its own, with the tools of the project."""

    def __init__(self, number: int) -> None:
        """Makes the copy, or brings it back to the last commit; sources that did not change keep their times."""
        self.folder = WORK / str(number)
        self.tree = self.folder / "tree"
        self.tree.mkdir(parents=True, exist_ok=True)
        if not (self.tree / ".git").exists():
            done = self.run(["git", "clone", "--quiet", str(ROOT), "."])
        else:
            done = self.run(["git", "fetch", "--quiet", "origin", "HEAD"])
            done = self.run(["git", "reset", "--quiet", "--hard", "FETCH_HEAD"]) if done.returncode == 0 else done
        if done.returncode:
            raise FaultError(f"cannot copy the last commit to {self.tree}: {done.stderr.strip()}; remove the folder")

    def run(self, command: list[str]) -> subprocess.CompletedProcess:
        """A command inside the copy."""
        env = dict(os.environ, CARGO_TARGET_DIR=str(self.folder / "target"))
        env["LIGHTSWITCH_CACHE"] = str(self.folder / "cache")
        env["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
        return subprocess.run(command, cwd=self.tree, env=env, text=True, capture_output=True, check=False)

    def compare(self, engines: str, config: str) -> str | None:
        """Lockstep over the tops of a configuration, up to the first mismatch: where that is."""
        for top in TOPS:
            command = ["cargo", "run", "--quiet", "-p", "lightswitch", "--", "lockstep", "--engines", engines]
            command += ["--config", config, "--top", top, "--cycles", str(CYCLES), "--seed", str(SEED)]
            command += ["--out", str(self.folder / "found"), "--no-shrink", "--json"]
            done = self.run(command)
            if not done.stdout:
                raise FaultError(f"no answer from {' '.join(command)}: {done.stderr.strip()[-2000:]}")
            found = json.loads(done.stdout)["first_mismatch"]
            if found:
                return f"{config} {top}, cycle {found['cycle']}, {found['pin']}"
        return None

    def try_fault(self, patch: Path) -> dict:
        """Applies one fault, compares, and takes it back."""
        head, _ = patch.read_text(encoding="utf-8").split("\n", maxsplit=1)
        engines = head.removeprefix("engines: ")
        done = self.run(["git", "apply", str(patch)])
        if done.returncode:
            raise FaultError(f"{patch.name} does not apply: {done.stderr.strip()}; make it anew")
        try:
            places = (self.compare(engines, config) for config in CONFIGS)
            where = next((place for place in places if place), None)
        except FaultError as error:
            raise FaultError(f"{patch.name}: {error}") from error
        finally:
            self.run(["git", "checkout", "--quiet", "--", "."])
        return {"fault": patch.stem, "engines": engines, "caught": where is not None, "where": where}

    def try_none(self, engines: str, config: str) -> None:
        """Compares without any fault."""
        where = self.compare(engines, config)
        if where:
            raise FaultError(f"{engines} differ without any fault, {where}: run scripts/soak")


def try_all(patches: list[Path], jobs: int) -> list[dict]:
    """Every fault, some at a time, each in whichever copy is free; prints what came of it."""
    free: queue.Queue[Copy] = queue.Queue()
    for number in range(1, jobs + 1):
        free.put(Copy(number))

    def in_copy(what, *arguments):
        copy = free.get()
        try:
            return what(copy, *arguments)
        finally:
            free.put(copy)

    results = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            sound = [pool.submit(in_copy, Copy.try_none, engines, config) for engines in PAIRS for config in CONFIGS]
            faulty = [pool.submit(in_copy, Copy.try_fault, patch) for patch in patches]
            for run in sound:
                run.result()
            for run in faulty:
                result = run.result()
                results.append(result)
                print(f"{result['fault']:<36} {result['where'] or 'NOT CAUGHT'}", flush=True)
        finally:
            pool.shutdown(cancel_futures=True)
    return results


def keep(path: Path, results: list[dict]) -> None:
    """Writes results down, over those of the same faults and beside those of others that still exist."""
    known = json.loads(path.read_text(encoding="utf-8"))["faults"] if path.exists() else []
    faults = {result["fault"]: result for result in known + results}
    names = {patch.stem for patch in FAULTS.glob("*.patch")}
    record = {"machine": machine(), "faults": [faults[name] for name in sorted(faults) if name in names]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """The command line; 1 unless every fault is caught."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", metavar="TEXT", default="", help="faults named so, or like one of these: rtl-,room")
    parser.add_argument("--jobs", type=int, default=2, help="faults at a time, each in a copy of its own [2]")
    parser.add_argument("--trial", action="store_true", help="print, and keep nothing")
    args = parser.parse_args()
    wanted = args.only.split(",")
    patches = [patch for patch in sorted(FAULTS.glob("*.patch")) if any(text in patch.stem for text in wanted)]
    if not patches:
        print(f"error: no fault in {FAULTS} has {args.only!r} in its name", file=sys.stderr)
        return 2
    # Of the copies; what is committed while they are at work is not in them.
    commit = git("rev-parse", "--short=12", "HEAD")
    try:
        results = try_all(patches, max(1, args.jobs))
    except FaultError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    caught = sum(result["caught"] for result in results)
    print(f"{caught}/{len(results)} caught")
    if not args.trial:
        today = datetime.datetime.now(datetime.timezone.utc)
        path = RUNS / f"{today:%Y-%m-%d}-{machine()}" / "faults.json"
        keep(path, [{**result, "commit": commit} for result in results])
    return 0 if caught == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
