"""What a commissioning found: one result a test, and the report they make."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """How a test ended; one that was skipped leaves its device unproven."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Result(Struct, frozen=True, kw_only=True):
    """One test of one device: what was seen, in words and numbers with their units."""

    test: str
    device: str
    outcome: Outcome
    seen: str
    at_ms: int


class Report(Struct, frozen=True, kw_only=True):
    """A commissioning: of what, by whom, when (ms since 1970 UTC), and all its results.

    ``config_hash`` is the SHA-256 that every record of this configuration carries, ``key`` the
    lane's public key, with which the report is signed, in hexadecimal.
    """

    site: str
    lane: int
    scale: str
    who: str
    why: str
    began_ms: int
    ended_ms: int
    offset_min: int
    software: str
    config_hash: str
    results: tuple[Result, ...]
    key: str = ""

    @property
    def passed(self) -> bool:
        """Whether every test was made and passed; nothing tested is nothing passed."""
        return bool(self.results) and all(r.outcome is Outcome.PASSED for r in self.results)
