"""What the other scripts know about exported Verilog: the configurations, the tops, and where a top's module is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOPS = {"fabric": "lightswitch_fabric", "fabric-mc": "lightswitch_fabric_mc", "switch": "lightswitch"}
OPTICAL_TOPS = {"link": "lightswitch_link", "oei": "lightswitch_oei"}
TARGETS = ("generic", "ecp5", "ice40")


class ExportError(Exception):
    """Something the user can mend; the text names the thing and the remedy."""


def names(source: str, pattern: str, what: str) -> list[str]:
    """The names that `pattern` finds in a source file."""
    found = re.findall(pattern, (ROOT / "hdl" / "src" / source).read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise ExportError(f"hdl/src/{source}: no {what} found, is the table still written as it was?")
    return found


def configurations() -> list[str]:
    """The names in the one table of configurations, `Config::ALL`."""
    return names("config.rs", r'^\s+name: "([^"]+)",$', "configuration")


def links() -> list[str]:
    """The names in the one table of links, `LinkConfig::ALL`."""
    return names("link/config.rs", r'^\s+(?:Self::sized\(\s*)?"(\d+x\d+[^"]*)",', "link")


def linked_configurations() -> list[str]:
    """The configurations of which there is a switch with links, `tops::OEI`."""
    return names("tops/link.rs", r'\("(\d+x\d+)", "\d+x\d+"\)', "configuration with links")


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
    wanted = f"{(TOPS | OPTICAL_TOPS)[top]}_{config.replace('-', '_')}"
    if wanted not in modules:
        raise ExportError(f"no module {wanted} in {folder}; the export has {', '.join(sorted(modules))}")
    return wanted
