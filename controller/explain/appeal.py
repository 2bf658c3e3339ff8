"""How a driver may object: the words of the site, or a default that is true anywhere.

A site writes its own in its site file, under ``[appeal]``, or in a TOML file of its own; a record's
configuration keeps those of its day.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from board.appeal import Appeal
from board.machine_block import site_table

APPEAL_BYTES_MAX = 1_000_000


class AppealError(ValueError):
    """A text that cannot be used: the message says which file, what, and what to do."""


# Time limits are common knowledge, not read in the laws' own text; a site confirms and replaces.
DEFAULT = Appeal(
    zh=(
        "对本次称重有异议的，可当场向本站提出复核，并要求复磅（重新称重）；复磅另成一条记录，"
        "首次记录不作任何改动。",
        "可要求查阅本记录及其附属文件，并取得一份副本，自行或委托他人检验。",
        "称重本身不是处罚。主管机关据此作出行政处罚决定的，可在知道该决定之日起六十日内申请"
        "行政复议（行政复议法第二十条），或在知道之日起六个月内向人民法院提起行政诉讼"
        "（行政诉讼法第四十六条）。具体期限和受理机关以处罚决定书载明的为准。",
    ),
    en=(
        "If you object to this weighing, say so at the site at once and ask for a review and for "
        "the truck to be weighed again. A re-weigh makes a record of its own; the first one is "
        "never altered.",
        "You may ask to see this record with its files and for a copy, and have it checked by "
        "anybody you choose.",
        "A weighing is not a penalty. Against a penalty that an authority decides on it, you may "
        "ask for administrative reconsideration within 60 days of learning of it (Administrative "
        "Reconsideration Law, Art. 20), or sue in court within six months of learning of it "
        "(Administrative Litigation Law, Art. 46). The time limits and offices that the written "
        "decision names are the ones that count.",
    ),
)


def read_appeal(path: Path) -> Appeal:
    """Read ``[appeal]`` of a site file, or a file that holds only it.

    Raises:
        AppealError: the file cannot be read, or has no such table.
    """
    try:
        data = path.read_bytes()[: APPEAL_BYTES_MAX + 1]
    except OSError as error:
        raise AppealError(
            f"{path}: cannot be read: {error.strerror or error}; name a TOML file with [appeal]"
        ) from error
    if len(data) > APPEAL_BYTES_MAX:
        raise AppealError(f"{path}: larger than {APPEAL_BYTES_MAX} bytes; name a TOML file")
    found = parse_appeal(data, str(path))
    if found is None:
        raise AppealError(
            f'{path}: no table [appeal] with zh = ["…"] or en = ["…"]; add one or leave it out'
        )
    return found


def parse_appeal(data: bytes, where: str) -> Appeal | None:
    """The ``[appeal]`` of a TOML text, None where it has none; raises AppealError."""
    try:
        table = site_table(data).get("appeal")
        found = None if table is None else msgspec.convert(table, Appeal)
    except (ValueError, RecursionError) as error:
        raise AppealError(f"{where}: appeal: {error}; correct the file") from error
    return found if found is not None and found.said else None
