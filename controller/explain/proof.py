"""The page's own check: a band at the top, a box with what was checked, and the annex."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controller.explain.dossier import Check, Dossier, Sheet, State
from controller.explain.layout import facts, say, section
from controller.explain.words import finding
from controller.report.figures import BEIJING, kilograms
from controller.report.markup import Html, both, el, join
from controller.report.words import Word
from protocol.chain import Finding
from protocol.frames import is_frames, unpack_frames
from protocol.record import Record

FINDINGS_SHOWN_MAX = 20
FRAMES_SHOWN_MAX = 64

_BANDS = {
    State.VERIFIED: ("✔ 已通过验证", "VERIFIED"),
    State.RESERVED: (
        "◆ 本记录签名有效，但来源中另有问题",
        "THIS RECORD'S SEAL HOLDS, BUT ITS SOURCE IS NOT WHOLE",
    ),
    State.FAILED: ("✘ 未通过验证", "NOT VERIFIED"),
}


def band(check: Check) -> Html:
    """The state in one line, which no page is without.

    A forger can put a key of his own into what he forges, so the line says whether it was compared.
    """
    zh, en = _BANDS[check.state]
    if check.state is not State.FAILED and not check.anchored:
        zh, en = f"{zh}（公钥尚未与外部核对）", f"{en} — KEY NOT COMPARED"
    return el("p", el("b", zh, lang="zh-CN"), el("b", en, lang="en"), class_=f"band {check.state}")


def proof_section(check: Check) -> Html:
    """What was checked, when, by which key, and every finding in plain words."""
    scope = (
        Word("整个账本", "the whole ledger") if check.whole else Word("单份证据包", "one bundle")
    )
    rows: list[tuple[str, str, str | Html]] = [
        ("检验范围", "checked", both(scope.zh, f"{scope.en}, {check.records} records")),
        ("检验时间", "at", f"{check.at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S} UTC+8"),
        ("公钥指纹", "key fingerprint", el("code", check.fingerprint or "—")),
    ]
    held = [el("li", both(line.zh, line.en)) for line in check.lines]
    notes = [el("li", note) for note in check.notes]
    return section(
        "proof",
        Word("本页的验证结果", "What this page checked of itself"),
        band(check),
        el("ul", *held, class_="held") if held and check.state is not State.FAILED else None,
        facts(rows),
        _anchor(check),
        findings_list(check.concerning, "关于本记录的问题", "Findings about this record"),
        findings_list(check.elsewhere, "来源中其他处的问题", "Findings elsewhere in the source"),
        el("ul", *notes, class_="note") if notes else None,
        None if check.whole else _bundle_limit(),
    )


def _anchor(check: Check) -> Html:
    if check.anchored:
        return say(
            "公钥已与另行提供的公钥核对一致。",
            "The key was compared with one given from outside, and is the same.",
            "say small",
        )
    return say(
        "公钥取自被检验的文件本身，未与外部核对。请将上面的指纹与检定证书、站点公示或平台登记的指纹比对。",
        "The key was taken from the checked file itself. Compare the fingerprint above with the "
        "one on the certificate, at the site, or on the platform.",
        "say small warn",
    )


def _bundle_limit() -> Html:
    return say(
        "单份证据包只能证明包内记录未被改动，不能证明没有其他有关记录被略去；后者须查验账本或日清单。",
        "A bundle shows that what is in it was not altered. It cannot show that no other record "
        "was left out; that takes the ledger, or the lists of the days.",
        "say small",
    )


def findings_list(found: Sequence[Finding], zh: str, en: str) -> Html | None:
    """Findings one a line: where, what it means, and the check's own words."""
    if not found:
        return None
    items = [_finding(one) for one in found[:FINDINGS_SHOWN_MAX]]
    if len(found) > FINDINGS_SHOWN_MAX:
        items.append(el("li", f"… {len(found) - FINDINGS_SHOWN_MAX} more"))
    return el("div", el("h3", both(zh, en)), el("ul", *items), class_="findings")


def _finding(one: Finding) -> Html:
    word = finding(one.code)
    where = f"第 {one.seq} 号记录 record {one.seq}" if one.seq is not None else "整个文件 the file"
    return el(
        "li", f"{where}：", both(word.zh, word.en), " ", el("code", f"{one.code}: {one.message}")
    )


def annex(dossier: Dossier) -> Html:
    """The digests behind the page, and how to check them without it."""
    head = dossier.passage.head
    proven = dossier.check.state is not State.FAILED
    sheets = [row for sheet in dossier.sheets for row in _sheet(sheet, proven)]
    frames = [row for sheet in dossier.sheets for row in frame_rows(sheet.record)] if proven else []
    files = [row for sheet in dossier.sheets for row in _files(sheet)]
    return section(
        "annex",
        Word("技术附录", "Technical annex"),
        el("h3", both("记录", "Records")),
        facts(sheets),
        *_frames(frames),
        el("h3", both("记录所列文件的 SHA-256", "SHA-256 of the files that the records name")),
        facts(files) if files else el("p", both("无", "none"), class_="note"),
        el("h3", both("如何自行检验", "How to check this yourself")),
        el(
            "ol",
            el("li", _command("steelyard verify DIR --key lane.pub"), " — 整个账本 the ledger"),
            el(
                "li",
                _command(f"steelyard export DIR {head.seq} -o FILE"),
                " · ",
                _command("steelyard verify FILE"),
                " — 单份证据包 this passage alone; its README.txt says how to do it with "
                "OpenSSL or any COSE library",
            ),
        ),
    )


def _frames(rows: list[tuple[str, str, str | Html]]) -> Iterator[Html]:
    """The indicator's own words, where one weighed: bytes that its manual explains."""
    if not rows:
        return
    yield el("h3", both("称重仪表原始数据帧", "Frames of the weighing indicator, byte for byte"))
    yield facts(rows)


def frame_rows(record: Record) -> Iterator[tuple[str, str, str | Html]]:
    """Each frame that a weight came from: when, what it was read as, its bytes."""
    raw = record.weighing.raw if record.weighing is not None else None
    if raw is None or not is_frames(raw):
        return
    for number, frame in enumerate(unpack_frames(raw)):
        shown = "—" if frame.gross_g is None else kilograms(frame.gross_g)
        moves = {True: " 动态 in motion", False: " 稳定 at rest", None: ""}[frame.motion]
        at = f"{frame.t_us / 1e6:.3f} s"
        if number >= FRAMES_SHOWN_MAX:
            yield "……", "more frames", "见记录 weighing.raw"
            return
        yield f"第 {record.seq} 号记录 {at}", shown + moves, el("code", printable(frame.raw))


def printable(raw: bytes) -> str:
    """Text where the frame is text, else hexadecimal."""
    text = raw.rstrip(b"\r\n")
    return text.decode("ascii") if text.isascii() and text.decode().isprintable() else raw.hex(" ")


def _command(words: str) -> Html:
    return el("code", words)


def _sheet(sheet: Sheet, proven: bool) -> Iterator[tuple[str, str, str | Html]]:
    """The digests of a record; what it was computed with only where the record is proven."""
    record = sheet.record
    name = f"record {record.seq}"
    yield f"第 {record.seq} 号记录", name, el("code", sheet.hash.hex())
    yield "前记录哈希", "the one before", el("code", record.prev_hash.hex())
    if record.curve is not None:
        yield "称重曲线", "curve", el("code", record.curve.sha256.hex())
    if record.config_hash is not None:
        yield "配置", "configuration", el("code", record.config_hash.hex())
    if not proven:
        return
    said = [record.code and f"检测单号 {record.code}", record.software, record.device_sn]
    weighing = record.weighing
    if weighing is not None and weighing.estimate_g is not None:
        said.append(f"修约前 before rounding {weighing.estimate_g} g")
    if weighing is not None and weighing.parameters:
        said.append(", ".join(f"{key} {value}" for key, value in weighing.parameters))
    shown = [piece for piece in said if piece]
    if shown:
        yield "软件与参数", "software", join(" · ".join(shown))


def _files(sheet: Sheet) -> Iterator[tuple[str, str, str | Html]]:
    record = sheet.record
    for image in record.images:
        yield "图片", f"picture {image.name}", el("code", image.sha256.hex())
    for media in record.media:
        about = f"{media.kind}, {media.bytes} bytes"
        yield "文件", about, el("code", media.sha256.hex())
    for clip in record.clips:
        yield "视频", f"clip {clip.name}", el("code", clip.sha256.hex())
    for table in record.tables:
        yield "规则表", table.id, el("code", table.sha256.hex())
