"""Reading journals and their settings back as the images and types of today."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from controller.core.images import InputImage, OutputImage
from controller.core.passage import Lane
from controller.deltas import DeltaError, applied, read_as, type_at
from controller.journalfile import (
    FORMAT,
    MAGIC,
    PREFIX,
    SETTINGS_MAGIC,
    Header,
    Settings,
    expected_wall_ms,
)

BODY_MAX = 256 * 1024 * 1024
"""A body that unpacks to more than this is no journal of ours."""
AGAIN_MAX = 10_000_000
_NOTHING: tuple[Any, ...] = (0, 0, (), (), 0)


class JournalError(ValueError):
    """Bytes that are not a journal or settings that this program can read; says why."""


class Entry(Struct, frozen=True, kw_only=True):
    """One scan; ``lane`` stands where a run begins, ``outputs`` is None if the scan never ended."""

    inputs: InputImage
    outputs: OutputImage | None
    lane: Lane | None = None


class JournalFile(Struct, frozen=True, kw_only=True):
    """A journal read back: the header, and the scans one by one."""

    header: Header
    items: list[Any]

    def entries(self) -> Iterator[Entry]:
        """Every scan in order; raises JournalError at what this program does not know."""
        try:
            yield from _entries(self.items)
        except DeltaError as error:
            raise JournalError(
                f"the journal of {self.header.software} has what this program has not: {error}"
            ) from error
        except (LookupError, TypeError, AttributeError) as error:
            raise JournalError(f"the journal is damaged: {error}") from error


def read_journal(data: bytes) -> JournalFile:
    """Take a journal apart; raises JournalError for a newer format and for damage."""
    body = _unpacked(data, MAGIC, PREFIX, "a journal")
    count = data[len(MAGIC) + 1 : PREFIX]
    try:
        # The items follow each other as the elements of one array would.
        items = msgspec.msgpack.decode(b"\xdd" + count + body, type=list[Any])
        header = msgspec.convert(items[0], Header)
    except (msgspec.DecodeError, LookupError) as error:
        raise JournalError(f"the journal is damaged: {error}") from error
    return JournalFile(header=header, items=items[1:])


def read_settings(data: bytes) -> Settings:
    """Settings as today's types; raises JournalError where they do not fit."""
    body = _unpacked(data, SETTINGS_MAGIC, len(SETTINGS_MAGIC) + 1, "the settings of a journal")
    try:
        settings: Settings = read_as(msgspec.msgpack.decode(body), Settings, "settings")
    except (msgspec.DecodeError, DeltaError) as error:
        raise JournalError(f"the settings of the journal cannot be used: {error}") from error
    return settings


def _unpacked(data: bytes, magic: bytes, prefix: int, what: str) -> bytes:
    if data[: len(magic)] != magic or len(data) < prefix or not data[len(magic)]:
        raise JournalError(f"these bytes are not {what}")
    if data[len(magic)] > FORMAT:
        raise JournalError(
            f"{what} of format {data[len(magic)]}, newer than {FORMAT}, the newest that this "
            "program reads; use a newer program"
        )
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(data[prefix:], BODY_MAX)
    except zlib.error as error:
        raise JournalError(f"{what} is damaged: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise JournalError(f"{what} is cut short, or has something behind its end")
    return body


def _entries(items: list[Any]) -> Iterator[Entry]:
    reader = _Reader()
    for item in items:
        if isinstance(item, str):
            reader.name(item)
        elif isinstance(item, int):
            if item > AGAIN_MAX:
                raise JournalError(f"the journal is damaged: {item} scans at once")
            for _ in range(item):
                yield reader.again()
        elif isinstance(item, list):
            yield reader.scan(item)
        else:
            yield reader.whole(item)


class _Reader:
    """The images as they stood in the scan read last."""

    def __init__(self) -> None:
        self._paths: list[tuple[tuple[str, ...], Any, bool]] = []
        self._inputs: Any = None
        self._outputs: Any = None
        self._last: list[Any] = []

    def name(self, path: str) -> None:
        """Learn the next path."""
        side, *keys = path.split(".")
        image = InputImage if side == "i" else OutputImage
        kind = type_at(image, tuple(keys), path)
        self._paths.append((tuple(keys), kind, path.endswith("_us")))

    def whole(self, item: dict[str, Any]) -> Entry:
        """The first scan of a run, or the one that never ended."""
        self._inputs = read_as(item["inputs"], InputImage, "inputs")
        outputs, lane = item.get("outputs"), item.get("lane")
        self._outputs = None if outputs is None else read_as(outputs, OutputImage, "outputs")
        return Entry(
            inputs=self._inputs,
            outputs=self._outputs,
            lane=None if lane is None else read_as(lane, Lane, "lane"),
        )

    def again(self) -> Entry:
        """The next scan, with the same changes as the last one."""
        return self.scan(self._last)

    def scan(self, item: list[Any]) -> Entry:
        """The next scan: how much later it is, and what changed."""
        self._last = item
        step_us, off_ms, found, wanted, missed = (*item, *_NOTHING[len(item) :])
        last = self._inputs
        now_us = last.now_us + step_us
        inputs = self._set(last, found, now_us) if found else last
        if wanted:
            self._outputs = self._set(self._outputs, wanted, now_us)
        wall = replace(inputs.wall, ms=expected_wall_ms(last, now_us) + off_ms)
        scan = last.scan + 1 + missed
        self._inputs = replace(inputs, scan=scan, now_us=now_us, wall=wall)
        return Entry(inputs=self._inputs, outputs=self._outputs)

    def _set(self, image: Any, pairs: list[Any], now_us: int) -> Any:
        for number, value in zip(pairs[::2], pairs[1::2], strict=True):
            keys, kind, is_time = self._paths[number]
            at = now_us - value if is_time and type(value) is int else value
            image = applied(image, keys, read_as(at, kind, ".".join(keys)))
        return image
