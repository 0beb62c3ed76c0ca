#!/usr/bin/env python3
"""Measures every published configuration, keeps the raw results, and rewrites the README's table from them.

Each row is exported anew and goes through scripts/synth: resources of the top alone, Fmax as the median of three
seeds in a registered harness, latency of an idle top and throughput of a saturated one from `lightswitch simulate`.
Raw results go to docs/runs/<date>-<machine>/: what scripts/synth found (<row>.json, <row>.txt) and what the two
simulations said (<row>.simulate.json). The README shows, for each row, its newest run. With --trial they go to
out/measure/ and the README stays as it is.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from exported import ROOT, ExportError, top_module, verilog_files

README, RUNS = ROOT / "README.md", ROOT / "docs" / "runs"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


class MeasureError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


@dataclass(frozen=True)
class Row:
    """One row of the table: a top of a configuration on an FPGA family."""

    top: str
    config: str
    target: str

    @property
    def name(self) -> str:
        """What users type after --only."""
        return f"{self.top}-{self.config}-{self.target}"


ROWS = (
    Row("fabric", "4x64", "ecp5"),
    Row("fabric-mc", "4x64", "ecp5"),
    Row("switch", "4x64", "ecp5"),
    Row("fabric", "2x32", "ice40"),
    Row("switch", "2x32", "ice40"),
)
FPGA = {"ecp5": "ECP5-85, speed 6", "ice40": "iCE40 HX8K"}
# Load and cycles of the two simulations: an idle top, and every ingress backlogged.
SIMULATIONS = {"idle": (0.02, 10_000), "backlogged": (1.0, 100_000)}
# What a figure can depend on.
SOURCES = ("hdl", "sim", "cli", "scripts", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml")


def cargo(arguments: list[str], what: str, timeout: int = 1800) -> str:
    """Runs the command of the workspace in release mode and returns its stdout."""
    command = ["cargo", "run", "--quiet", "--release", "-p", "lightswitch", "--", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=timeout)
    if done.returncode:
        raise MeasureError(f"{what} failed with status {done.returncode}: {' '.join(command)}")
    return done.stdout


def simulated(row: Row, load: float, cycles: int) -> dict:
    """Uniform 64-byte frames through the row's top, lossless: what `lightswitch simulate --json` says."""
    arguments = ["simulate", "--config", row.config, "--top", row.top, "--traffic", "uniform", "--load", str(load)]
    arguments += ["--frame", "64", "--cycles", str(cycles), "--seed", "1", "--json"]
    result = json.loads(cargo(arguments, f"simulating {row.name}"))
    if not result["delivered_frames"] or result["lost_frames"]:
        raise MeasureError(f"simulating {row.name} at load {load}: no frames delivered, or some lost")
    return result


def latency_of(simulations: dict) -> int:
    """Cycles from first beat offered to first beat out, the least that an almost idle top shows."""
    return int(simulations["idle"]["latency_cycles"]["min"])


def throughput_of(simulations: dict) -> float:
    """Beats that leave each egress a cycle when every ingress has a frame waiting at all times."""
    return round(float(simulations["backlogged"]["accepted_load"]), 4)


def machine() -> str:
    """The machine in a few words: architecture and processor model."""
    model = platform.processor() or "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
        model = found.group(1) if found else model
    model = re.sub(r"\((R|TM)\)|@.*", "", model, flags=re.IGNORECASE)
    return f"{platform.machine()}-{re.sub(r'[^a-z0-9]+', '-', model.lower()).strip('-')}"


def git(*arguments: str) -> str:
    """The output of one git command, empty outside a repository."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def measure_row(row: Row, seeds: str, jobs: int, folder: Path) -> dict:
    """Exports, synthesises and simulates one row; its raw results land in `folder`."""
    work = ROOT / "out" / "measure" / row.name
    verilog = work / "verilog"
    if verilog.exists():
        for old in verilog.iterdir():
            old.unlink()
    export = ["export", "--config", row.config, "--top", row.top, "--target", row.target]
    cargo([*export, "--out", str(verilog)], f"exporting {row.name}")
    module = top_module(verilog, row.top, row.config)
    command = [str(ROOT / "scripts" / "synth"), "--verilog", *verilog_files(verilog)]
    command += ["--top", module, "--family", row.target]
    command += ["--out", str(work / "synth"), "--seeds", seeds, "--jobs", str(jobs)]
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
        raise MeasureError(f"scripts/synth failed for {row.name}, see {work / 'synth'}")
    result = json.loads((work / "synth" / "synth.json").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("json", "txt"):
        text = (work / "synth" / f"synth.{suffix}").read_text(encoding="utf-8")
        (folder / f"{row.name}.{suffix}").write_text(text, encoding="utf-8")
    simulations = {name: simulated(row, load, cycles) for name, (load, cycles) in SIMULATIONS.items()}
    text = json.dumps(simulations, indent=1) + "\n"
    (folder / f"{row.name}.simulate.json").write_text(text, encoding="utf-8")
    return {
        "name": row.name,
        "top": row.top,
        "config": row.config,
        "target": row.target,
        "module": module,
        "commit": git("rev-parse", "--short=12", "HEAD"),
        "clean": not git("status", "--porcelain", "--untracked-files=no", "--", *SOURCES),
        "tools": result["tools"],
        "device": result["device"],
        "freq_mhz": result["freq_mhz"],
        "lut4": result["resources"]["lut4"],
        "ff": result["resources"]["ff"],
        "block_ram": result["resources"]["block_ram"],
        "fmax_mhz": result["fmax_mhz"],
        "latency_cycles": latency_of(simulations),
        "throughput": throughput_of(simulations),
        "cpu_seconds": round(sum(step["cpu_seconds"] for step in result["steps"]), 1),
    }


def newest_rows(runs: Path) -> dict[str, tuple[str, dict]]:
    """For each row its newest run: the folder's name and the figures."""
    newest: dict[str, tuple[str, dict]] = {}
    for file in sorted(runs.glob("*/measure.json")):
        run = json.loads(file.read_text(encoding="utf-8"))
        for row in run["rows"]:
            if row["name"] not in newest or newest[row["name"]][1]["measured"] <= row["measured"]:
                newest[row["name"]] = (file.parent.name, row)
    return newest


def table(runs: Path = RUNS) -> str:
    """The README's table, markers excluded."""
    newest = newest_rows(runs)
    lines = [
        "| ports x width | what | FPGA | LUT4 | FF | block RAM | Fmax MHz | latency, cycles | throughput | measured with | raw |",
        "|--|--|--|--:|--:|--:|--:|--:|--:|--|--|",
    ]
    for row in ROWS:
        if row.name not in newest:
            continue
        folder, data = newest[row.name]
        seeds = data["fmax_mhz"]["seeds"].values()
        fmax = f"**{data['fmax_mhz']['median']:.1f}** ({min(seeds):.1f}..{max(seeds):.1f})"
        lines.append(
            f"| {row.config} | `{data['module']}` | {FPGA[row.target]} | {data['lut4']} | {data['ff']} | {data['block_ram']} | {fmax} "
            f"| {data['latency_cycles']} | {data['throughput']:.3f} | `scripts/measure --only {row.name}` "
            f"| [run]({(runs / folder).relative_to(ROOT)}/{row.name}.txt) |"
        )
    if len(lines) == 2:
        return "No run is recorded yet: `scripts/measure` records one.\n"
    tools = sorted({tool for _, data in newest.values() for tool in data["tools"].values()})
    lines += [
        "",
        "Fmax is the median of the seeds (least..most), inside a harness of registers that is not counted in LUT4 and FF; "
        "latency is from the first beat offered to the first beat out of an idle top; throughput is the fraction of cycles "
        "in which an egress sends a beat, 64-byte frames to uniformly chosen egresses waiting at every ingress, lossless, "
        f"in {SIMULATIONS['backlogged'][1]} cycles, the first tenth of them left out. "
        f"Tools: {', '.join(tools)}.",
    ]
    return "\n".join(lines) + "\n"


def readme_parts() -> tuple[str, str, str]:
    """The README before, between and after the markers."""
    text = README.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise MeasureError(f"README.md needs one {BEGIN} and, after it, one {END}")
    before, rest = text.split(BEGIN)
    between, after = rest.split(END)
    return before, between, after


def raw_result(folder: Path, name: str) -> dict:
    """One of the raw files beside a run's rows."""
    raw = folder / name
    if not raw.is_file():
        raise MeasureError(f"{folder.relative_to(ROOT)}/measure.json has a row whose raw file {name} is missing")
    return json.loads(raw.read_text(encoding="utf-8"))


def check_row(folder: Path, row: dict) -> None:
    """Fails when a row is not what the raw files beside it say."""
    name = row["name"]
    synth = raw_result(folder, f"{name}.json")
    simulations = raw_result(folder, f"{name}.simulate.json")
    for simulation, (load, cycles) in SIMULATIONS.items():
        seen = simulations[simulation]
        ran = [seen[key] for key in ("top", "config", "load", "lossy", "lost_frames")]
        if ran != [row["top"], row["config"], load, False, 0] or seen["simulated_cycles"] < cycles:
            raise MeasureError(f"{folder.relative_to(ROOT)}/{name}.simulate.json: {simulation} is another run: {ran}")
    for figure, seen in {
        "fmax_mhz": synth["fmax_mhz"],
        "lut4": synth["resources"]["lut4"],
        "ff": synth["resources"]["ff"],
        "block_ram": synth["resources"]["block_ram"],
        "latency_cycles": latency_of(simulations),
        "throughput": throughput_of(simulations),
    }.items():
        if row[figure] != seen:
            raise MeasureError(f"{folder.relative_to(ROOT)}: {figure} of {name} is {row[figure]}, its raw file says {seen}")


def check_table() -> None:
    """Fails when the README's table is not what docs/runs gives, or a run lies about its rows."""
    for file in sorted(RUNS.glob("*/measure.json")):
        for row in json.loads(file.read_text(encoding="utf-8"))["rows"]:
            check_row(file.parent, row)
    if readme_parts()[1] != f"\n{table()}":
        raise MeasureError("README.md: the measured table is stale; run scripts/measure --table and commit it")


def write_table() -> None:
    """Rewrites the README between its markers."""
    before, _, after = readme_parts()
    README.write_text(f"{before}{BEGIN}\n{table()}{END}{after}", encoding="utf-8")


def measure(args: argparse.Namespace) -> int:
    """Measures the rows asked for; rows that fail are named and leave the others standing."""
    today = datetime.datetime.now(datetime.timezone.utc)
    runs = ROOT / "out" / "measure" if args.trial else RUNS
    folder = runs / f"{today:%Y-%m-%d}-{machine()}"
    summary = folder / "measure.json"
    run = {"date": f"{today:%Y-%m-%d}", "machine": machine(), "cpus": os.cpu_count(), "rows": []}
    if summary.exists():
        run["rows"] = json.loads(summary.read_text(encoding="utf-8"))["rows"]
    failed = 0
    for row in args.only:
        print(f"measure: {row.name}", file=sys.stderr)
        try:
            data = measure_row(row, args.seeds, args.jobs, folder)
            check_row(folder, data)
        except (MeasureError, ExportError) as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
            continue
        data["measured"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        run["rows"] = [old for old in run["rows"] if old["name"] != row.name] + [data]
        order = [each.name for each in ROWS]
        run["rows"].sort(key=lambda each: order.index(each["name"]) if each["name"] in order else len(order))
        summary.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        if not args.trial:
            write_table()
    print(table(runs), end="")
    return 1 if failed else 0


def rows_of(text: str) -> list[Row]:
    """Parses `fabric-4x64-ecp5,switch-2x32-ice40`."""
    known = {row.name: row for row in ROWS}
    wrong = [name for name in text.split(",") if name not in known]
    if wrong:
        raise argparse.ArgumentTypeError(f"no row is called {wrong[0]!r}; there are {', '.join(known)}")
    return [known[name] for name in text.split(",")]


def main() -> int:
    """The command line; 1 with one clear error."""
    parser = argparse.ArgumentParser(prog="scripts/measure", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", type=rows_of, default=list(ROWS), metavar="ROW,...", help="measure these rows only")
    parser.add_argument("--seeds", default="1,2,3", help="seeds of nextpnr [1,2,3]")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="placements at a time [2]")
    parser.add_argument("--trial", action="store_true", help="keep the results in out/measure, leave the README alone")
    parser.add_argument("--check", action="store_true", help="measure nothing; fail when the README's table is stale")
    parser.add_argument("--table", action="store_true", help="measure nothing; rewrite the README's table")
    args = parser.parse_args()
    try:
        if args.check:
            check_table()
            return 0
        if args.table:
            write_table()
            return 0
        return measure(args)
    except (MeasureError, ExportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
