"""The configuration of a record: the bytes of a site file and of the calibration it names.

``config_hash`` of a record is their SHA-256, and the medium of kind ``config`` holds them, so that
a weight can be computed again from a record without the box that made it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from board.machine_block import site_table
from board.scale import read_scale
from hal.schema import Problems
from sensors.calibration import Scale, scale_from_dict

CALIBRATION_FOLLOWS = b"\n# ---- the calibration file that this site file names follows ----\n"


def join_config(site: bytes, calibration: bytes) -> bytes:
    """One configuration of the two files; ``calibration`` is empty where the site file has all."""
    return site + CALIBRATION_FOLLOWS + calibration if calibration else site


def split_config(config: bytes) -> tuple[bytes, bytes]:
    """The site file and the calibration file of a configuration; the latter may be empty."""
    site, mark, calibration = config.rpartition(CALIBRATION_FOLLOWS)
    return (site, calibration) if mark else (config, b"")


def scale_of_config(config: bytes) -> Scale:
    """The calibrated scale of a configuration; that of an indicator has no cells.

    Raises:
        ValueError: the bytes are no configuration; the message says what is wrong with them.
    """
    site, calibration = split_config(config)
    if calibration:
        return scale_from_dict(tomllib.loads(calibration.decode("utf-8")))
    table = site_table(site)
    stated, devices = table.get("scale"), table.get("devices")
    if not isinstance(stated, dict):
        raise ValueError("config: no table [scale], and no calibration file behind it")
    problems = Problems("config")
    indicator = isinstance(devices, dict) and "indicator" in devices
    scale, _ = read_scale(stated, Path(), problems, indicator=indicator)
    if scale is None or problems.found:
        raise ValueError("\n".join(problems.found))
    return scale.scale
