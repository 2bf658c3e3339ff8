"""What stands in the column ``body``: a sealed record, or a bare one from a ledger of version 1."""

from __future__ import annotations

from protocol.record import Record, RecordError, decode
from protocol.seal import SealError, unseal

_BARE = range(0xA0, 0xC0)


def is_sealed(body: bytes) -> bool:
    """False for the bare map of a record from before there were seals."""
    return not body or body[0] not in _BARE


def payload_of(body: bytes) -> bytes:
    """The record's own bytes; raises RecordError for an envelope that is none."""
    if not is_sealed(body):
        return body
    try:
        return unseal(body).payload
    except SealError as error:
        raise RecordError(f"the seal cannot be opened: {error}") from error


def opened(body: bytes) -> Record:
    """The record in an envelope, its seal not checked; raises RecordError."""
    return decode(payload_of(body))
