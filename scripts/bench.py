#!/usr/bin/env python3
"""Measures how fast the simulation engines are: cycles per CPU second, and instructions a cycle where valgrind is there.

Each row plays a stimulus that is made while the clock stands (sim/examples/bench.rs): uniform traffic, with the measures
of a real run and a digest of every delivered frame, which has to be the same for every engine. The headline is the
Ethernet switch with its table, 1 % of the frames with a wrong FCS. Results go to docs/runs/<date>-<machine>/bench.json, with
--only in place of what stands there of the same rows, and docs/bench.md shows the newest of them.
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
PAGE = ROOT / "docs" / "bench.md"
BEGIN, END = "<!-- bench:begin -->\n", "<!-- bench:end -->"

# What was set out to be reached: the row, the figure, the least that will do and the aim, in cycles a CPU second.
TARGETS = (
    ("switch-4x64-0.9-64", "`model`", 5e6, 10e6),
    ("switch-64x64-0.9-64", "`model`", 1e6, 2e6),
    ("switch-4x64-0.9-64", "`model` / `verilated`", 5.0, 10.0),
)

# The parts of a cycle by the source file that an instruction comes from; the rest is the library's, inlined.
PARTS = {
    "bench.rs": "bench: stimulus and measures",
    "mod.rs": "pins",
    "ingress.rs": "ingresses",
    "crc.rs": "CRC",
    "table.rs": "address table",
    "fabric.rs": "egress columns",
    "queue.rs": "queues",
    "mask.rs": "flags of all ports, as bits",
}
LIBRARY = "Rust's library, inlined in these"


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
    points.append(Row("4x64", "switch", "1.0", "64", {"model": 1_000_000}))
    for ports, cycles in ((16, 300_000), (64, 60_000), (256, 10_000), (512, 4_000)):
        for load in ("0.5", "0.9"):
            for frame in ("64", "512"):
                for top in ("switch", "fabric"):
                    points.append(Row(f"{ports}x64", top, load, frame, {"model": cycles}))
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


def callgrind(engine: str, row: Row, cycles: int) -> dict | None:
    """Instructions a cycle while traffic is played, all and by part, or None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    out = ROOT / "out" / "bench" / "callgrind.out"
    out.parent.mkdir(parents=True, exist_ok=True)
    prefix = ["valgrind", "--tool=callgrind", "--compress-strings=no", "--toggle-collect=bench::Player::play_timed", f"--callgrind-out-file={out}"]
    play(engine, row, cycles, prefix)
    text = out.read_text(encoding="utf-8")
    found = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    if not found:
        raise BenchError(f"{out} has no total: did valgrind see Player::play_timed?")
    seen = {"instructions_per_cycle": int(found.group(1)) / cycles}
    if engine == "model":
        seen["parts"] = {part: count / cycles for part, count in by_part(text).items()}
    return seen


def by_part(text: str) -> dict[str, int]:
    """The instructions of a callgrind file by part, the cost of calls counted where they go."""
    counts: dict[str, int] = {}
    part, is_call = LIBRARY, False
    for line in text.splitlines():
        if line.startswith(("fl=", "fi=", "fe=")):
            folder, _, name = line[3:].rpartition("/")
            part = PARTS.get(name, LIBRARY) if folder.endswith(("sim/src/model", "sim/examples")) else LIBRARY
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[+*\d-]", line):
            if not is_call:
                counts[part] = counts.get(part, 0) + int(line.split()[1])
            is_call = False
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


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
            engines[engine].update(callgrind(engine, row, min(cycles, 20_000)) or {})
    commit = git("rev-parse", "--short=12", "HEAD")
    return {"name": row.name, "commit": commit, "row": vars(row), "digest": digests[next(iter(digests))], "engines": engines}


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


def targets(results: dict[str, dict]) -> str:
    """What was set out to be reached, and what was."""
    lines = ["| row | figure | reached | at least | aim | |", "|--|--|--:|--:|--:|--|"]
    for name, figure, least, aim in TARGETS:
        if name not in results:
            continue
        rates = {engine: seen["cycles_per_cpu_second"] for engine, seen in results[name]["engines"].items()}
        seen = rates["model"] / (rates["verilated"] if "verilated" in figure else 1)
        shown = [f"{value / 1e6:.2f} M" if "verilated" not in figure else f"{value:.1f}" for value in (seen, least, aim)]
        word = "aim reached" if seen >= aim else "reached" if seen >= least else "**missed**"
        lines.append(f"| `{name}` | {figure} | {' | '.join(shown)} | {word} |")
    return "\n".join(lines) + "\n"


def profile(results: dict[str, dict]) -> str:
    """Shares of the instructions of the rows with a target."""
    parts = {}
    for name in dict.fromkeys(target[0] for target in TARGETS):
        model = results[name]["engines"]["model"] if name in results else {}
        if "parts" in model:
            parts[name] = model["parts"]
    if not parts:
        return ""
    names = list(parts)
    lines = [f"| part | {' | '.join(f'`{name}`' for name in names)} |", "|--|" + "--:|" * len(names)]
    for part in parts[names[0]]:
        shares = (100 * parts[name].get(part, 0) / sum(parts[name].values()) for name in names)
        lines.append(f"| {part} | {' | '.join(f'{share:.0f} %' for share in shares)} |")
    return "\n".join(lines) + "\n"


def newest() -> dict:
    """The newest recorded run."""
    runs = sorted(RUNS.glob("*/bench.json"))
    if not runs:
        raise BenchError("no run is recorded: scripts/bench records one")
    run = json.loads(runs[-1].read_text(encoding="utf-8"))
    return run | {"file": str(runs[-1].relative_to(ROOT / "docs"))}


def generated() -> str:
    """What stands between the markers of docs/bench.md."""
    run = newest()
    results = {result["name"]: result for result in run["rows"]}
    commits = ", ".join(f"`{commit}`" for commit in dict.fromkeys(result["commit"] for result in run["rows"]))
    source = f"[{run['machine']}, {run['cpus']} processors]({run['file']}), commit {commits}"
    repeats = sorted({len(engine["runs"]) for result in run["rows"] for engine in result["engines"].values()})
    spread = " or ".join(map(str, repeats))
    parts = [
        f"Cycles a CPU second, medians of {spread} runs, measured by `scripts/bench` on {source}.\n",
        targets(results),
        "### All rows\n",
        summary(run["rows"]),
        "### Instructions of the model by part\n",
        profile(results) or "Not recorded: valgrind was missing.\n",
    ]
    return "\n".join(parts)


def page_parts() -> tuple[str, str, str]:
    """docs/bench.md before, between and after the markers."""
    text = PAGE.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise BenchError(f"docs/bench.md needs one {BEGIN.strip()} and, after it, one {END}")
    before, rest = text.split(BEGIN)
    between, after = rest.split(END)
    return before, between, after


def check_page() -> None:
    """Fails when docs/bench.md is not what the newest run gives, or the run's rows are not today's."""
    if page_parts()[1] != generated():
        raise BenchError("docs/bench.md is stale: run scripts/bench --table and commit it")
    recorded = {result["name"]: result["row"] for result in newest()["rows"]}
    planned = {row.name: vars(row) for row in rows()}
    changed = [name for name in planned if recorded.get(name) != planned[name]] + sorted(recorded.keys() - planned.keys())
    if changed:
        raise BenchError(f"the newest run of scripts/bench lacks rows, or has others: {', '.join(changed)}; record them")


def write_page() -> None:
    """Rewrites docs/bench.md between its markers."""
    before, _, after = page_parts()
    PAGE.write_text(f"{before}{BEGIN}{generated()}{END}{after}", encoding="utf-8")


def keep(results: list[dict]) -> None:
    """Puts rows into today's run, in the order of the matrix, and into docs/bench.md."""
    today = datetime.datetime.now(datetime.timezone.utc)
    file = RUNS / f"{today:%Y-%m-%d}-{machine()}" / "bench.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    run = {"machine": machine(), "cpus": os.cpu_count(), "rows": []}
    if file.exists():
        run = json.loads(file.read_text(encoding="utf-8"))
    order = [row.name for row in rows()]
    merged = {result["name"]: result for result in [*run["rows"], *results] if result["name"] in order}
    run["rows"] = sorted(merged.values(), key=lambda result: order.index(result["name"]))
    file.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    write_page()


def main() -> int:
    """The command line; 1 with one clear error."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", metavar="TEXT", default="", help="rows whose name has this in it, like switch-4x64")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts [3]")
    parser.add_argument("--trial", action="store_true", help="print, and keep nothing")
    parser.add_argument("--check", action="store_true", help="measure nothing; fail when docs/bench.md is stale")
    parser.add_argument("--table", action="store_true", help="measure nothing; rewrite the tables of docs/bench.md")
    args = parser.parse_args()
    try:
        if args.check or args.table:
            (check_page if args.check else write_page)()
            return 0
        return measure(args)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def measure(args: argparse.Namespace) -> int:
    """Measures the rows asked for."""
    chosen = [row for row in rows() if args.only in row.name]
    if not chosen:
        print(f"error: no row has {args.only!r} in its name; there are {', '.join(row.name for row in rows())}", file=sys.stderr)
        return 2
    build = ["cargo", "build", "--quiet", "--release", "-p", "lightswitch-sim", "--example", "bench"]
    if subprocess.run(build, cwd=ROOT, check=False).returncode:
        raise BenchError(f"failed: {' '.join(build)}")
    results = []
    for row in chosen:
        print(f"bench: {row.name}", file=sys.stderr, flush=True)
        results.append(measure_row(row, args.repeats))
        if not args.trial:
            keep(results)
    print(summary(results), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
