"""``show version``: what runs here, on what, since when, with which calibration and key."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Command
from controller.console.lines import age, folded, profile_of, said, wall
from controller.console.link import LaneAwayError
from controller.console.look_evidence import reading
from controller.console.messages import State


def show_version(ctx: Context, arguments: dict[str, str]) -> Answer:
    """Versions of everything; what only the lane knows is left out where none runs."""
    data: dict[str, Any] = {
        "console": _own(),
        "python": platform.python_version(),
        "system": _system(),
        "machine": platform.machine(),
        "key": _key(ctx),
        "note": "",
    }
    try:
        state = ctx.link.state()
    except LaneAwayError as error:
        data["note"] = str(error)
    else:
        data |= _of_lane(ctx, state)
    return Answer(data=data, text=tuple(_text(ctx, data)))


def _own() -> str:
    try:
        return f"steelyard {version('steelyard')}"
    except PackageNotFoundError:
        return "steelyard, not installed"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.platform())
    except OSError:
        return platform.platform()


def _key(ctx: Context) -> str:
    """The fingerprint of the key that counts now, "" where there is no ledger."""
    try:
        with reading(ctx) as ledger:
            return ledger.key.fingerprint
    except CommandError:
        return ""


def _of_lane(ctx: Context, state: State) -> dict[str, Any]:
    about = state.about
    profile, note = profile_of(ctx, state)
    scale = profile.scale if profile is not None else None
    return {
        "software": about.software,
        "site": about.site,
        "lane": about.lane,
        "site_file": about.path,
        "folder": about.folder,
        "config_sha256": about.config_sha256,
        "calibration_version": scale.calibration_version if scale is not None else None,
        "calibration_sha256": scale.calibration_hash if scale is not None else None,
        "scale_serial": scale.serial if scale is not None else None,
        "certificate_no": scale.certificate_no if scale is not None else None,
        "certificate_valid_until": str(scale.certificate_valid_until) if scale else None,
        "firmware": [
            {"port": one.port, "version": one.version, "chip": one.chip, "starts": one.starts}
            for one in state.firmware
        ],
        "started_ms": about.started_ms,
        "up_us": state.up_us,
        "scans": state.pace.scans,
        "note": note,
    }


def _text(ctx: Context, data: dict[str, Any]) -> list[str]:
    rows = [
        (said(ctx, "lane", "车道"), data.get("software")),
        (said(ctx, "console", "控制台"), data["console"]),
        ("python", data["python"]),
        (said(ctx, "system", "系统"), f"{data['system']} ({data['machine']})"),
        (said(ctx, "site", "站点"), _site(ctx, data)),
        (said(ctx, "site file", "站点文件"), data.get("site_file")),
        (said(ctx, "config", "配置哈希"), data.get("config_sha256")),
        (said(ctx, "calibrated", "标定"), _calibration(ctx, data)),
        (said(ctx, "scale", "衡器"), _scale(ctx, data)),
        (said(ctx, "firmware", "固件"), _firmware(ctx, data)),
        (said(ctx, "folder", "数据目录"), data.get("folder")),
        (said(ctx, "key", "密钥"), data["key"] or said(ctx, "no ledger yet", "尚无账本")),
        (said(ctx, "up", "运行"), _up(ctx, data)),
        (said(ctx, "note", "提示"), data["note"]),
    ]
    return [
        line for label, text in rows if text for line in folded(ctx, label, printable(str(text)))
    ]


def _site(ctx: Context, data: dict[str, Any]) -> str:
    if "site" not in data:
        return ""
    lane = data["lane"]
    return f"{data['site']}{said(ctx, f', lane {lane}', f'，{lane} 号车道')}"


def _calibration(ctx: Context, data: dict[str, Any]) -> str:
    if data.get("calibration_version") is None:
        return ""
    named = f"{said(ctx, 'version', '版本')} {data['calibration_version']}"
    return f"{named}  {data['calibration_sha256']}"


def _scale(ctx: Context, data: dict[str, Any]) -> str:
    if data.get("scale_serial") is None:
        return ""
    until = said(ctx, "valid until", "有效期至")
    certificate = f"{data['certificate_no']} {until} {data['certificate_valid_until']}"
    return f"{data['scale_serial']}  {certificate}"


def _firmware(ctx: Context, data: dict[str, Any]) -> str:
    silent = said(ctx, "has not said who it is", "尚无应答")
    return "; ".join(
        f"{one['port']}: {one['version'] or silent} {one['chip']}".rstrip()
        for one in data.get("firmware", ())
    )


def _up(ctx: Context, data: dict[str, Any]) -> str:
    if "up_us" not in data:
        return ""
    since = wall(data["started_ms"])
    return f"{age(data['up_us'])} ({since}), {data['scans']} {said(ctx, 'scans', '次扫描')}"


COMMANDS = (
    Command(
        words="show version",
        help_en="Software, firmware, calibration, configuration, key, uptime.",
        help_zh="软件、固件、标定、配置、密钥、运行时间",
        run=show_version,
    ),
)
