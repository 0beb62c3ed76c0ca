#!/usr/bin/env python3
"""Records what the optical links do, into docs/runs/<date>-<machine>/optics/.

lane-loss   the 4x64 switch with a link on every port, 90 % all-to-all, a lane of port 1 dying: with retry and a spare, without
            retry, without a spare, and lossy: lane-loss.json, lane-loss.txt
ber         goodput and undetected errors over the bit error ratio, the monitor on and off: ber.json, ber.svg, ber.txt
synth       LUT, FF, block RAM and Fmax of one link and of the switch with links on ECP5: a folder each
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from exported import ROOT, top_module, verilog_files
from measure import RUNS, machine

LIGHTSWITCH = ROOT / "target" / "release" / "lightswitch"
VENV = Path(os.environ.get("LIGHTSWITCH_VENV", ROOT / ".venv"))
FAULT = "lane-loss:port=1,lane=2,at=100000"
TRAFFIC = ["--config", "4x64", "--traffic", "all-to-all", "--load", "0.9", "--cycles", "200000"]

# Name, link, more options.
LANE_LOSS = (
    ("retry and a spare", "4x16", ["--fault", FAULT]),
    ("no fault", "4x16", []),
    ("frames held until checked", "4x16-store", ["--fault", FAULT]),
    ("no retry, no credits", "4x16-plain", ["--fault", FAULT]),
    ("no spare", "4x16-unspared", ["--fault", FAULT]),
    ("lossy switch", "4x16", ["--lossy", "--fault", FAULT]),
)

# Links, bytes of a frame, frames of a point. The longest frames take two hundred cycles each.
CURVES = (("4x16,4x16-unmonitored,4x16-plain", 64), ("4x16,4x16-unmonitored,4x16-plain", 1_522))

# What is synthesised: top, configuration, device options of scripts/synth.
SIZES = (("link", "4x16"), ("link", "4x16-plain"), ("oei", "4x64"))


def command(*words: str) -> str:
    """What the command prints; a broken contract, status 1, is a result as well."""
    env = dict(os.environ, PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run([str(LIGHTSWITCH), *words], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"error: status {done.returncode}: lightswitch {' '.join(words)}")
    return done.stdout


def write(file: Path, text: str) -> None:
    """Writes a file and says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(f"wrote {file.relative_to(ROOT)}", file=sys.stderr, flush=True)


def lane_loss(folder: Path, frame: str) -> None:
    """The lane that dies, six ways."""
    rows, reports = [], {}
    for name, link, options in LANE_LOSS:
        words = ["simulate", "--engine", "verilated", "--link", link, *TRAFFIC, "--frame", frame, *options, "--json"]
        report = json.loads(command(*words))
        reports[name] = {"command": "lightswitch " + " ".join(words), "report": report}
        seen = [end for fault in report["faults"] for end in fault["seen"]]
        last = report["last_latency_cycles"]
        rows.append(
            [
                name,
                report["sent_frames"],
                report["lost_frames"],
                report["corrupted_frames"],
                report["reordered_frames"],
                report["duplicated_frames"],
                report["dropped_frames"],
                last["p50"],
                last["p99_9"],
                max((end["detection_cycles"] for end in seen), default="-"),
                max((end["recovery_cycles"] or 0 for end in seen), default="-"),
            ]
        )
    head = ["", "sent", "lost", "corrupted", "reordered", "twice", "dropped", "p50", "p99.9", "seen after", "recovery"]
    widths = [max(len(str(row[place])) for row in [head, *rows]) for place in range(len(head))]
    lines = [
        "  ".join(str(cell).ljust(width) if not place else str(cell).rjust(width) for place, (cell, width) in enumerate(zip(row, widths)))
        for row in [head, *rows]
    ]
    title = f"{' '.join(TRAFFIC)} --frame {frame}; latency to the last beat, seen and recovery in cycles\n"
    write(folder / f"lane-loss-{frame}.json", json.dumps(reports, indent=1) + "\n")
    write(folder / f"lane-loss-{frame}.txt", title + "\n".join(lines) + "\n")


def ber(folder: Path, frames: int) -> None:
    """The curves."""
    for links, length in CURVES:
        out = folder / f"ber-{length}"
        count = frames if length < 1_000 else frames // 10
        text = command("ber", "--link", links, "--frame", str(length), "--frames", str(count), "--out", str(out))
        write(out / "ber.txt", text)


def synth(folder: Path, seeds: str) -> None:
    """Size and speed."""
    for top, config in SIZES:
        verilog = ROOT / "out" / "optics" / f"{top}-{config}"
        shutil.rmtree(verilog, ignore_errors=True)
        command("export", "--top", top, "--config", config, "--target", "ecp5", "--out", str(verilog))
        out = ROOT / "out" / "optics" / f"synth-{top}-{config}"
        words = ["scripts/synth", "--family", "ecp5", "--top", top_module(verilog, top, config), "--seeds", seeds]
        subprocess.run([*words, "--out", str(out), "--verilog", *verilog_files(verilog)], cwd=ROOT, check=True)
        for kind in ("json", "txt"):
            write(folder / f"{top}-{config}-ecp5.{kind}", (out / f"synth.{kind}").read_text(encoding="utf-8"))


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["lane-loss", "ber", "synth"], choices=["lane-loss", "ber", "synth"])
    parser.add_argument("--frames", type=int, default=1_000_000, help="frames of a point of ber, a tenth of it of long ones")
    parser.add_argument("--frame", default="64", help="frame size of lane-loss")
    parser.add_argument("--seeds", default="1,2,3", help="seeds of place and route")
    args = parser.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "lightswitch"], cwd=ROOT, check=True)
    folder = RUNS / f"{datetime.date.today()}-{machine()}" / "optics"
    if "lane-loss" in args.what:
        lane_loss(folder, args.frame)
    if "ber" in args.what:
        ber(folder, args.frames)
    if "synth" in args.what:
        synth(folder, args.seeds)


main()
