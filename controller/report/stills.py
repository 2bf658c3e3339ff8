"""The stills of a passage on its page: the pictures, by which camera, when, why and how good."""

from __future__ import annotations

from collections.abc import Iterator

from controller.report.markup import Html, both, el
from controller.report.pictures import Pictures
from controller.stillpress import KIND, Still, StillsError, opened
from protocol.record import Record

_ROLES = {
    "front": ("车头", "front"),
    "rear": ("车尾", "rear"),
    "side": ("侧面", "side"),
    "overview": ("全景", "overview"),
}


def still_section(record: Record, pictures: Pictures, zero_us: int) -> Html | None:
    """Every still that the record names; None where it names none.

    ``zero_us`` is the lane time from which seconds are told.
    """
    archives = [medium for medium in record.media if medium.kind == KIND]
    if not archives:
        return None
    figures = [one for medium in archives for one in _archive(medium.sha256, pictures, zero_us)]
    return el("section", el("h4", both("现场照片", "Stills")), *figures, class_="stills")


def _archive(sha256: bytes, pictures: Pictures, zero_us: int) -> Iterator[Html]:
    data = pictures.file(KIND, sha256)
    if isinstance(data, str):
        yield el("p", both("照片缺失", "Stills not shown"), f": {data}", class_="absent")
        return
    try:
        stills = opened(data)
    except StillsError as error:
        yield el("p", both("照片缺失", "Stills not shown"), f": {error}", class_="absent")
        return
    for still, jpeg in stills:
        alt = f"{still.role} by {still.camera}"
        picture = pictures.jpeg(jpeg, alt, still.width_px, still.height_px)
        yield el("div", picture, el("p", *_caption(still, zero_us)), class_="read")


def _caption(still: Still, zero_us: int) -> Iterator[str | Html]:
    yield both(*_ROLES.get(still.role, (still.role, still.role)))
    seconds = (still.t_us - zero_us) / 1e6
    yield f" · {still.camera} · {still.cause} · {seconds:+.2f} s · passage {still.passage_id}"
    quality = f"{still.quantity} {still.value:.3g}, limit {still.limit:.3g}"
    yield f" · {still.flaw}: {quality} · SHA-256 {still.sha256[:16]}…"
