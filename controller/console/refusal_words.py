"""A refusal of the interlock in one line of Chinese or English, with the device and since when."""

from __future__ import annotations

from typing import Final

from controller.core.refusals import Reason, Refusal

_SAID: Final[dict[Reason, tuple[str, str]]] = {
    Reason.EMERGENCY_STOP: ("emergency stop", "急停"),
    Reason.NO_PERMIT: (
        "no durable record permits this boom for this passage",
        "没有已存盘的记录允许该道闸起杆",
    ),
    Reason.OTHER_BOOM_NOT_CLOSED: ("the other boom is not down", "另一侧道闸未落到位"),
    Reason.DECK_NOT_EMPTY: ("the deck is not known to be empty", "秤台未确认为空"),
    Reason.NOT_UP: ("the boom is down already", "道闸已落到位"),
    Reason.NOT_OPEN: ("the boom beside it does not stand open", "旁边的道闸未起到位"),
    Reason.POSITION_UNKNOWN: ("the boom's position is not known", "道闸位置未知"),
    Reason.REVERSED_TOO_SOON: ("it was driven up a moment ago", "刚刚起杆，须稍候才能落杆"),
    Reason.NO_SENSOR_FITTED: ("no sensor is fitted under this boom", "该道闸下没有安装检测器"),
    Reason.NOT_CLEAR: ("not clear", "检测器不为无遮挡"),
    Reason.NOT_CLEAR_LONG: ("clear, but not for long enough", "无遮挡时间不足"),
    Reason.TOO_MANY_GREENS: ("more than one lamp is wanted green", "同时要求多个绿灯"),
    Reason.MOTION: ("the scale is not at rest", "秤台未静止"),
    Reason.ZERO_OUT_OF_RANGE: (
        "the zero is more than 4 % of Max from that of the calibration",
        "零点偏离标定零点超过最大秤量的 4 %",
    ),
}
_STATES: Final[dict[str, str]] = {
    "UNKNOWN": "未知",
    "CLEAR": "无遮挡",
    "BLOCKED": "有遮挡",
    "NOT_FITTED": "未安装",
    "CLOSED": "落到位",
    "BETWEEN": "在中间",
    "OPEN": "起到位",
    "EMPTY": "空秤",
    "LOADED": "有载",
    "OVER_RANGE": "超量程",
    "UNDER_RANGE": "低于零点",
}


def words(refusal: Refusal, language: str, now_us: int) -> str:
    """One line, "zh" in Chinese and anything else in English; ``now_us`` is the image's time."""
    chinese = language == "zh"
    english_said, chinese_said = _SAID[refusal.reason]
    said = chinese_said if chinese else english_said
    seen = " ".join(_seen(refusal, now_us, chinese))
    line = f"{refusal.device}: {said}" if refusal.device else said
    return f"{line} ({seen})" if seen else line


def _seen(refusal: Refusal, now_us: int, chinese: bool) -> list[str]:
    """What the device says, since when, how much is lacking."""
    found: list[str] = []
    if refusal.state:
        found.append(_STATES.get(refusal.state, refusal.state) if chinese else refusal.state)
    if refusal.since_us is not None:
        lasts_s = max(0, now_us - refusal.since_us) / 1e6
        found.append(f"已 {lasts_s:.1f} s" if chinese else f"for {lasts_s:.1f} s")
    if refusal.lacks_us is not None:
        lacks_s = refusal.lacks_us / 1e6
        found.append(f"还差 {lacks_s:.1f} s" if chinese else f"{lacks_s:.1f} s to go")
    if refusal.zero_g is not None:
        found.append(f"{refusal.zero_g / 1000:+.1f} kg")
    return found
