"""What the other scripts know about exported Verilog: the configurations, the tops, and where a top's module is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOPS = {"fabric": "lightswitch_fabric", "fabric-mc": "lightswitch_fabric_mc", "switch": "lightswitch"}
TARGETS = ("generic", "ecp5", "ice40")


class ExportError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


def configurations() -> list[str]:
    """The names in the one table of configurations, `Config::ALL`."""
    text = (ROOT / "hdl" / "src" / "config.rs").read_text(encoding="utf-8")
    names = re.findall(r'^\s+name: "([^"]+)",$', text, re.MULTILINE)
    if not names:
        raise ExportError("hdl/src/config.rs: no configuration found, is Config::ALL still written as `name: \"...\",`?")
    return names


def verilog_files(folder: Path) -> list[str]:
    """The Verilog of one export, in order of name."""
    files = sorted(str(file) for file in folder.glob("*.v"))
    if not files:
        raise ExportError(f"the export left no .v file in {folder}")
    return files


def top_module(folder: Path, top: str, config: str) -> str:
    """The name of the exported top, which is called after the configuration."""
    modules = set()
    for file in verilog_files(folder):
        modules.update(re.findall(r"^module\s+(\w+)", Path(file).read_text(encoding="utf-8"), re.MULTILINE))
    wanted = f"{TOPS[top]}_{config.replace('-', '_')}"
    if wanted not in modules:
        raise ExportError(f"no module {wanted} in {folder}; the export has {', '.join(sorted(modules))}")
    return wanted
