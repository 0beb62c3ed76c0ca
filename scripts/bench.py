#!/usr/bin/env python3
"""Measures how fast the simulation engines are: cycles per CPU second, and instructions a cycle where valgrind is there.

Each row plays a stimulus that was made before the clock starts (sim/examples/bench.rs): uniform traffic, with the measures
of a real run and a digest of every delivered frame, which has to be the same for every engine. The headline is the
Ethernet switch with its table, 1 % of the frames with a wrong FCS. Raw results and a summary go to
docs/runs/<date>-<machine>/bench.json and bench.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from exported import ROOT
from measure import RUNS, git, machine

BENCH = ROOT / "target" / "release" / "examples" / "bench"
BAD_FCS = "0.01"


class BenchError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


@dataclass(frozen=True)
class Row:
    """One point: engines that are compared on the same stimulus, each with its number of cycles."""

    size: str
    top: str
    load: str
    frame: str
    cycles: dict[str, int]

    @property
    def name(self) -> str:
        """What users type after --only."""
        return f"{self.top}-{self.size}-{self.load}-{self.frame}"


def rows() -> list[Row]:
    """The matrix. The digest is compared over the cycles that all engines of a row run: the fewest."""
    points = []
    for size in ("4x64", "8x64"):
        for top in ("switch", "fabric"):
            for load in ("0.5", "0.9"):
                for frame in ("64", "512"):
                    points.append(Row(size, top, load, frame, {"model": 1_000_000, "verilated": 300_000, "rtl": 30_000}))
    for ports, cycles in ((16, 300_000), (64, 60_000), (256, 10_000), (512, 4_000)):
        for load in ("0.5", "0.9"):
            points.append(Row(f"{ports}x64", "switch", load, "64", {"model": cycles}))
            points.append(Row(f"{ports}x64", "fabric", load, "64", {"model": cycles}))
    return points


def play(engine: str, row: Row, cycles: int, prefix: list[str] | None = None) -> dict:
    """One run of one engine; what it printed."""
    command = [*(prefix or []), str(BENCH), engine, row.size, row.top, row.load, row.frame, str(cycles)]
    if row.top == "switch":
        command.append(BAD_FCS)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"status {done.returncode}: {' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def instructions(engine: str, row: Row, cycles: int) -> float | None:
    """Instructions a cycle inside `play`, or None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    out = ROOT / "out" / "bench" / "callgrind.out"
    out.parent.mkdir(parents=True, exist_ok=True)
    prefix = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=bench::play"]
    play(engine, row, cycles, prefix)
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise BenchError(f"{out} has no total: did valgrind see bench::play?")
    return int(found.group(1)) / cycles


def measure_row(row: Row, repeats: int) -> dict:
    """Every engine of a row: medians of its runs, and the digest that all have to share."""
    shared = min(row.cycles.values())
    digests = {engine: play(engine, row, shared)["digest"] for engine in row.cycles}
    if len(set(digests.values())) != 1:
        raise BenchError(f"{row.name}: the engines deliver other frames or at other cycles: {digests}")
    engines = {}
    for engine, cycles in row.cycles.items():
        runs = [play(engine, row, cycles) for _ in range(repeats)]
        rate = statistics.median(run["cycles_per_cpu_second"] for run in runs)
        engines[engine] = {"cycles_per_cpu_second": rate, "runs": runs}
        if engine != "rtl":
            engines[engine]["instructions_per_cycle"] = instructions(engine, row, min(cycles, 20_000))
    return {"name": row.name, "row": vars(row), "digest": digests[next(iter(digests))], "engines": engines}


def summary(results: list[dict]) -> str:
    """The table that people read."""
    lines = [
        "| top | size | load | frame, bytes | model | verilated | rtl | model / verilated | model, instructions a cycle |",
        "|--|--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        row, engines = result["row"], result["engines"]
        rate = lambda name: engines[name]["cycles_per_cpu_second"] if name in engines else None  # noqa: E731
        shown = [f"{rate(name) / 1e3:,.0f} k" if rate(name) else "-" for name in ("model", "verilated", "rtl")]
        ratio = f"{rate('model') / rate('verilated'):.1f}" if rate("verilated") else "-"
        count = engines["model"].get("instructions_per_cycle")
        lines.append(
            f"| {row['top']} | {row['size']} | {row['load']} | {row['frame']} | {' | '.join(shown)} | {ratio} "
            f"| {f'{count:,.0f}' if count else '-'} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """The command line; 1 with one clear error."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", metavar="TEXT", default="", help="rows whose name has this in it, like switch-4x64")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts [3]")
    parser.add_argument("--trial", action="store_true", help="print, and keep nothing")
    args = parser.parse_args()
    chosen = [row for row in rows() if args.only in row.name]
    if not chosen:
        print(f"error: no row has {args.only!r} in its name; there are {', '.join(row.name for row in rows())}", file=sys.stderr)
        return 2
    build = ["cargo", "build", "--quiet", "--release", "-p", "lightswitch-sim", "--example", "bench"]
    results = []
    try:
        if subprocess.run(build, cwd=ROOT, check=False).returncode:
            raise BenchError(f"failed: {' '.join(build)}")
        for row in chosen:
            print(f"bench: {row.name}", file=sys.stderr, flush=True)
            results.append(measure_row(row, args.repeats))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    text = summary(results)
    print(text, end="")
    if not args.trial:
        today = datetime.datetime.now(datetime.timezone.utc)
        folder = RUNS / f"{today:%Y-%m-%d}-{machine()}"
        folder.mkdir(parents=True, exist_ok=True)
        run = {"machine": machine(), "cpus": os.cpu_count(), "commit": git("rev-parse", "--short=12", "HEAD"), "rows": results}
        (folder / "bench.json").write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        head = f"# Simulation speed\n\nCycles per CPU second, median of {args.repeats} runs, `scripts/bench`.\n\n"
        (folder / "bench.md").write_text(head + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
