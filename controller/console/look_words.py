"""Words of what the console shows of the lane, English and Chinese side by side."""

from __future__ import annotations

from typing import Final

from controller.console.context import Context
from controller.console.lines import said
from controller.report.words import PHASES

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "CLEAR": ("clear", "无遮挡"),
    "BLOCKED": ("BLOCKED", "有遮挡"),
    "UNKNOWN": ("UNKNOWN", "未知!"),
    "NOT_FITTED": ("not fitted", "未安装"),
    "CLOSED": ("closed", "落到位"),
    "BETWEEN": ("between", "中间"),
    "OPEN": ("open", "起到位"),
    "HOLD": ("hold", "保持"),
    "RAISE": ("RAISE", "起杆"),
    "LOWER": ("LOWER", "落杆"),
    "RED": ("red", "红"),
    "GREEN": ("GREEN", "绿"),
    "EMPTY": ("empty", "空秤"),
    "LOADED": ("loaded", "有载"),
    "OVER_RANGE": ("OVER RANGE", "超量程"),
    "UNDER_RANGE": ("UNDER RANGE", "低于零点"),
    "IDLE": ("idle", "空闲"),
    "RUNNING": ("running", "称重中"),
    "ACCEPTED": ("accepted", "已采信"),
    "NOT_FULLY_ON": ("not fully on", "未完全上秤"),
    "TAILGATE": ("a second vehicle", "跟车"),
    "UNSTABLE": ("not steady", "不稳定"),
    "CELL_FAULT": ("cell fault", "传感器故障"),
    "WITHDRAWN": ("withdrawn", "已撤回"),
    "DEGRADED": ("degraded, no evidence", "降级，不作证据"),
    "TAMPERED": ("tampered", "疑似作弊"),
    "SYNCHRONISED": ("synchronised", "已同步"),
    "FREE_RUNNING": ("free-running", "未同步"),
    "yard": ("yard", "货场侧"),
    "road": ("road", "公路侧"),
    "approach": ("approach", "驶近线圈"),
    "arm": ("arm loop", "杆下线圈"),
    "beam_low": ("beam low", "低位对射"),
    "beam_high": ("beam high", "高位对射"),
    "boom": ("boom", "道闸"),
    "gate": ("drive", "驱动"),
    "approach_lamp": ("lamp out", "外侧灯"),
    "deck_lamp": ("lamp deck", "秤侧灯"),
    "OK": ("ok", "正常"),
    "STUCK": ("STUCK: repeats itself", "卡死：读数不变"),
    "SATURATED": ("SATURATED: at a rail", "饱和：到达极限"),
    "NOISY": ("NOISY", "噪声过大"),
    "OFF_CALIBRATION": ("OFF CALIBRATION", "偏离标定"),
    "SHUNTED": ("SHUNTED: carries too little", "被分流：受力偏小"),
    "DRIFTING": ("DRIFTING", "漂移"),
    "SWAPPED": ("SWAPPED: another's place", "接线对调"),
    "OPEN_WIRE": ("OPEN: wire cut", "断线"),
    "SHORTED": ("SHORTED", "短路"),
    "SILENT": ("SILENT: no samples", "无数据"),
    "BAD": ("BAD", "故障"),
}


def word(ctx: Context, name: str) -> str:
    """A state or a place by its name; one without a word stands for itself."""
    return said(ctx, *_WORDS.get(name, (name, name)))


def health(ctx: Context, name: str) -> str:
    """The health of a load cell in words."""
    return word(ctx, "OPEN_WIRE" if name == "OPEN" else name)


def phase(ctx: Context, name: str) -> str:
    """A phase by its name, in Chinese with the name behind it."""
    found = PHASES.get(name)
    return said(ctx, name, f"{found.zh} {name}" if found is not None else name)
