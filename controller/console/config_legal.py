"""Which settings the law has a say in: an admin's alone, each recorded for itself, and why."""

from __future__ import annotations

from msgspec import Struct


class Legal(Struct, frozen=True):
    """A key, or all keys below it, with the reason in both languages."""

    key: str
    why_en: str
    why_zh: str


LEGAL = (
    Legal("scale", "what the scale was verified as (JJG 539)", "衡器检定的内容(JJG 539)"),
    Legal(
        "indicator",
        "when an indicator's readings are a weight (R 76)",
        "仪表示值何时作为称量结果(R 76)",
    ),
    Legal("rules.book", "the limits that decide who is over", "判定超限的限值"),
    Legal("rules.posted_limit", "a posted limit decides who is over", "标志限重决定是否超限"),
    Legal(
        "rules.degraded_weighing",
        "weighing with a bad cell, without evidence",
        "传感器失效时称重,不作证据",
    ),
    Legal("timing.tare_expiry", "how long a stored tare gives a net weight", "存储皮重的有效期"),
    Legal("seal", "the key that seals every record", "记录签封所用的密钥"),
    Legal("site", "the name and codes in every record", "每条记录中的站点名称与代码"),
    Legal("retention", "how long evidence is kept", "证据的保存期限"),
    Legal("devices.cells", "what measures the weight", "测量重量的装置"),
    Legal("devices.indicator", "what measures the weight", "测量重量的装置"),
    Legal("devices.thermometer", "what corrects the weight", "修正重量的装置"),
    Legal("devices.clock", "the time that every record states", "每条记录所载的时间"),
)


def legal_of(key: str) -> Legal | None:
    """Why the law has a say in this key, None where it has none.

    A key above a legal one is legal too: whoever sets it sets what is below.
    """
    return next((one for one in LEGAL if _touches(key, one.key)), None)


def _touches(key: str, legal: str) -> bool:
    return key == legal or key.startswith((f"{legal}.", f"{legal}[")) or legal.startswith(f"{key}.")
