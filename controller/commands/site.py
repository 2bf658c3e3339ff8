"""``steelyard site``: a site file of one's own, begun from a packaged profile."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path

PROFILES = ("rpi-coprocessor", "rpi-direct", "ipc-indicator", "sim", "trace")
SITE_FILE = "site.toml"
VEHICLES_FILE = "vehicles.toml"
_NO_VEHICLES = """# Papers of known vehicles, one table each; every key but plate may be left out.
#
# [[vehicle]]
# plate = "晋A12345"
# axles = 6
# kind = "train"
# licence_gvm = "49 t"
"""


def begin(profile: str, folder: Path) -> list[Path]:
    """Write the profile as ``site.toml``, with the files that it names, into a folder.

    Returns what was written.  Nothing that is there is written over.

    Raises:
        ValueError: no such profile, or a file of these is there already.
        OSError: the folder cannot be written.
    """
    if profile not in PROFILES:
        near = difflib.get_close_matches(profile, PROFILES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(PROFILES)}"
        raise ValueError(f"no packaged profile '{profile}'; {hint}")
    packaged = resources.files("board").joinpath("profiles")
    files = {SITE_FILE: packaged.joinpath(f"{profile}.toml").read_text(encoding="utf-8")}
    sheet = packaged.joinpath(f"{profile}.calib.toml")
    if sheet.is_file():
        files[f"{profile}.calib.toml"] = sheet.read_text(encoding="utf-8")
    if VEHICLES_FILE in files[SITE_FILE]:
        files[VEHICLES_FILE] = _NO_VEHICLES
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise ValueError(f"{folder}: {', '.join(there)} is there already; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    return [folder / name for name in files]
