"""What a driver's page is made of: the records of one passage, and what their check said."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from board.appeal import Appeal
from controller.report.passages import Passage
from controller.report.pictures import Pictures
from controller.report.words import Word
from protocol.chain import Finding
from protocol.record import Record


class State(StrEnum):
    """Verified; or sound itself in a source that is not; or not to be presented as valid."""

    VERIFIED = "verified"
    RESERVED = "reserved"
    FAILED = "failed"


class Check(Struct, frozen=True, kw_only=True):
    """The result of the check that a page shows of itself.

    ``concerning`` are the findings about what is shown, or about the source as a whole;
    ``elsewhere`` those about other records.  ``whole`` is False for a bundle: it cannot show that
    no other record was cut.  ``lines`` name what was looked at and held.
    """

    source: str
    whole: bool
    at: datetime
    records: int
    fingerprint: str
    anchored: bool
    lines: tuple[Word, ...] = ()
    notes: tuple[str, ...] = ()
    concerning: tuple[Finding, ...] = ()
    elsewhere: tuple[Finding, ...] = ()

    @property
    def state(self) -> State:
        """What the page may present."""
        if self.concerning:
            return State.FAILED
        return State.RESERVED if self.elsewhere else State.VERIFIED


class Sheet(Struct, frozen=True):
    """A record and the SHA-256 of its bytes as they are stored."""

    record: Record
    hash: bytes


class Dossier(Struct, frozen=True, kw_only=True):
    """One passage: its records, its re-weigh chain, the tare it relies on, pictures, the check.

    ``asked`` is the seq that was asked for; ``chain`` holds every passage of the chain in order,
    this one among them; ``titles`` the titles of rule tables by id@version.
    """

    asked: int
    passage: Passage
    sheets: tuple[Sheet, ...]
    pictures: Pictures
    check: Check
    appeal: Appeal
    chain: tuple[Passage, ...] = ()
    tare: Record | None = None
    titles: dict[str, str]
