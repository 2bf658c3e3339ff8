"""The plate as decided and every read of it: cut-out, characters, and how sure each one is."""

from __future__ import annotations

from collections.abc import Iterator

from controller.report import words
from controller.report.figures import seconds
from controller.report.markup import Html, both, el, join
from controller.report.pictures import Pictures
from protocol.parts import Identification, Plate
from protocol.record import Record

SHOWN_MAX = 3
OTHER_PICTURES_MAX = 2

_COLOURS = ("blue", "yellow", "green", "white", "black")


def chip(record: Record) -> Html:
    """The plate as the lane settled it, drawn like a plate; a missing one is said."""
    if record.plate is None:
        return el("span", both("车牌未识别", "plate not read"), class_="plate none")
    return el("span", _spaced(record.plate), class_=f"plate {_colour(record)}", lang="zh")


def plate_section(record: Record, pictures: Pictures, zero_us: int) -> Html:
    """The best reads with their pictures, then how many more the record holds."""
    reads = sorted(record.plates, key=lambda p: (p.text != record.plate, -min(p.conf_ppm or (0,))))
    distinct = {(read.text, read.end, read.image_sha256): read for read in reversed(reads)}
    shown = [read for read in reads if read in distinct.values()][:SHOWN_MAX]
    seen = [_read(read, pictures, zero_us) for read in shown]
    parts = [el("div", *seen, *_others(record, pictures), class_="reads")]
    if not reads:
        said = both("无识别结果", "No read of a plate is in this record.")
        parts.append(el("p", said, class_="absent"))
    if record.identification is not None:
        parts.append(el("p", *_standing(record.identification), class_="note"))
    if len(reads) > len(shown):
        more = f"{len(reads) - len(shown)} more reads are in the record"
        parts.append(el("p", more, class_="note"))
    return el("section", el("h4", both("车牌", "Plate")), *parts, class_="plates")


def _read(read: Plate, pictures: Pictures, zero_us: int) -> Html:
    alt = f"Plate cut-out read as {read.text}"
    if read.image_sha256 is not None:
        picture = pictures.figure(read.image_sha256, alt)
    elif read.conf_ppm:
        picture = el("p", both("无图片", "The record names no picture."), class_="absent")
    else:
        picture = None
    return el("div", picture, _strip(read), el("p", *_about(read, zero_us)), class_="read")


def _strip(read: Plate) -> Html:
    """One cell a character, filled as high as it is sure; the least certain one is marked."""
    if len(read.conf_ppm) != len(read.text):
        return el("p", el("b", read.text), " — no confidence per character", class_="note")
    least = min(read.conf_ppm)
    cells = []
    for character, ppm in zip(read.text, read.conf_ppm, strict=True):
        bar = el("i", style=f"height:{ppm / 10_000:.1f}%")
        said = el("small", f"{ppm // 1000 / 10:g}")
        low = ppm == least < max(read.conf_ppm)
        box = el("span", bar, class_="bar")
        cells.append(el("li", el("b", character), box, said, class_="least" if low else None))
    return el("ol", *cells, class_="strip", aria_label="confidence of each character, per cent")


def _about(read: Plate, zero_us: int) -> Iterator[Html | str]:
    word = words.SOURCES[read.source]
    yield both(word.zh, word.en)
    if read.end is not None:
        yield join(" · ", both(*words.ENDS[read.end]))
    if read.captured_us is not None:
        yield f" · {seconds(read.captured_us - zero_us)}"
    if read.view is not None:
        yield join(" · ", both(*words.VIEWS[read.view]))
    if read.frames is not None:
        yield f" · {read.agree or 0} of {read.frames} frames agree"
    if read.ptype is not None:
        yield f" · {read.ptype}"
    for hint in read.hints:
        yield join(" · ", el("b", hint, class_="bad"))
    if read.valid is False:
        yield join(" · ", el("b", both("不符合号牌规则", "not a lawful plate text"), class_="bad"))
    if read.conf_ppm:
        least = min(read.conf_ppm)
        yield join(" · ", both("最低", "least certain"), f" {least // 1000 / 10:g} %")


def _standing(found: Identification) -> Iterator[Html | str]:
    """By what right the plate stands, what had been read, and what became of the frames."""
    yield both(*words.STANDS[found.stand])
    if found.read is not None:
        yield join(" · ", both("识别为", "read as"), " ", el("b", found.read))
    if None not in (found.auto_ppm, found.confirm_ppm, found.agree_min):
        auto, confirm = (found.auto_ppm or 0) / 10_000, (found.confirm_ppm or 0) / 10_000
        yield (
            f" · by itself from {auto:g} % in {found.agree_min} frames, "
            f"to be confirmed from {confirm:g} %"
        )
    for one in found.frames:
        unfit = "".join(f", {count} {flaw}" for flaw, count in one.flawed)
        late = f", {one.late} of another time" if one.late else ""
        view = both(*words.VIEWS[one.view])
        yield join(" · ", view, f" {one.taken} frames, {one.read} read{unfit}{late}")


def _others(record: Record, pictures: Pictures) -> Iterator[Html]:
    """Pictures of the record that no read names."""
    named = {read.image_sha256 for read in record.plates}
    others = [image for image in record.images if image.sha256 not in named]
    for image in others[:OTHER_PICTURES_MAX]:
        alt = f"Picture {image.name}"
        yield el("div", pictures.figure(image.sha256, alt), el("p", image.name), class_="read")
    if len(others) > OTHER_PICTURES_MAX:
        more = f"{len(others) - OTHER_PICTURES_MAX} more pictures are in the record"
        yield el("p", more, class_="note")


def _colour(record: Record) -> str:
    for read in record.plates:
        if read.text == record.plate:
            said = f"{read.colour or ''} {read.ptype or ''}".lower()
            return next((c for c in _COLOURS if c in said), "")
    return ""


def _spaced(text: str) -> str:
    return f"{text[:2]}·{text[2:]}" if len(text) > 4 else text
