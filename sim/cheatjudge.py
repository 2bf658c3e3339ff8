"""Was the cheat caught: what a scenario's ``[cheat]`` head says must be seen, held to what was.

A sign is written in words, ``<where> <what>``, several joined by `` or ``:

- ``alarm DECK_PROPPED``: the lane raised this fault of the catalogue;
- ``sign SECOND_VEHICLE``: the text sign told the driver so;
- ``kind VOID``: a record of this kind was written;
- ``outcome hold``: a record holds, releases or returns; ``by rule`` behind it leaves persons out;
- ``reason not positioned``: a reason of a record, or of its voiding, begins so;
- ``flag 213 WEIGHT_SCALED``: a flag of a record begins so;
- ``field weighing.zero_offset_g``: a record states this, or states it ``= so``;
- ``person 王``: a record names a person who decided, with this in name or reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from controller.core.faults import Fault
from controller.core.images import OutputImage
from controller.core.kinds import Message
from protocol.parts import Kind, Outcome
from protocol.record import Record
from sim.truth import Truth

OR = " or "
_EARLY_US = 200_000
NUMBERS = tuple(f"K{i}" for i in range(1, 15))


class Cheat(Struct, frozen=True, kw_only=True):
    """What a scenario is about: whose trick it is, and what must be seen of it.

    All of ``caught`` must be seen, or all of ``unknown``, which say in the record why it could not
    be known; none of ``never`` may be.  ``hole`` says in words what the lane does not see.
    ``vehicle`` (from 1) is the one whose records are meant; None means all.
    """

    number: str
    wants: str
    must: str
    caught: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    hole: str = ""
    vehicle: int | None = None


class Seen:
    """Everything that the lane said in a run: alarms and signs as they came, then the records."""

    def __init__(self) -> None:
        self._alarms: set[int] = set()
        self._messages: set[Message] = set()

    def observe(self, outputs: OutputImage) -> None:
        """Look at one scan."""
        self._alarms.update(outputs.alarms)
        self._messages.add(outputs.sign.message)

    def missing(self, signs: Iterable[str], records: Sequence[Record]) -> tuple[str, ...]:
        """Those of the signs that were not seen."""
        return tuple(sign for sign in signs if not self.shows(sign, records))

    def shows(self, sign: str, records: Sequence[Record]) -> bool:
        """Whether one of the alternatives of this sign was seen."""
        return any(self._one(alternative, records) for alternative in sign.split(OR))

    def _one(self, sign: str, records: Sequence[Record]) -> bool:
        where, what = sign.split(maxsplit=1)
        if where == "alarm":
            return Fault[what].value in self._alarms
        if where == "sign":
            return Message[what] in self._messages
        return any(_SIGNS[where](record, what) for record in records)


def check_sign(sign: str) -> str | None:
    """What is wrong with a sign as it is written; None where nothing is."""
    known = ("alarm", "sign", *_SIGNS)
    for alternative in sign.split(OR):
        where, _, what = alternative.partition(" ")
        if where not in known or not what:
            return f"{alternative!r}: write one of {', '.join(known)} and what it says"
        names = {"alarm": Fault, "sign": Message, "kind": Kind}.get(where)
        if names is not None and what not in names.__members__:
            return f"{alternative!r}: there is no such {where}"
    return None


def records_of(cheat: Cheat, records: Iterable[Record], truth: Truth) -> tuple[Record, ...]:
    """The records that are meant: all, or those of the stays of the vehicle on the deck."""
    if cheat.vehicle is None:
        return tuple(records)
    number = cheat.vehicle - 1
    stays = [stay for stay in truth.on_deck if number in stay.vehicles]

    def meant(record: Record) -> bool:
        times = record.times
        at_us = times.at_us if times.entered_us is None else times.entered_us
        return any(stay.from_us - _EARLY_US <= at_us <= (stay.until_us or at_us) for stay in stays)

    return tuple(record for record in records if meant(record))


def judged(cheat: Cheat, seen: Seen, records: Sequence[Record]) -> str | None:
    """What is wrong: the signs that were missed, or that should not be there; None if nothing."""
    there = tuple(sign for sign in cheat.never if seen.shows(sign, records))
    if there:
        return f"{cheat.number}: {'; '.join(there)} must not be seen, and was"
    if cheat.hole and not (cheat.caught or cheat.unknown):
        return None
    ways = [signs for signs in (cheat.caught, cheat.unknown) if signs]
    missing = sorted((seen.missing(signs, records) for signs in ways), key=len)
    return f"{cheat.number}: not seen: {'; '.join(missing[0])}" if missing[0] else None


def _outcome(record: Record, what: str) -> bool:
    outcome, _, rest = what.partition(" ")
    decision = record.decision
    if decision is None or decision.outcome is not Outcome(outcome):
        return False
    return rest != "by rule" or record.person is None


def _reason(record: Record, what: str) -> bool:
    reasons = record.decision.reasons if record.decision is not None else ()
    return any(reason.startswith(what) for reason in (*reasons, record.void or ""))


def _field(record: Record, what: str) -> bool:
    path, _, wanted = what.partition(" = ")
    value: object = record
    for name in path.split("."):
        value = getattr(value, name, None)
    stated = value is not None and value not in ((), 0, "")
    return str(value) == wanted if wanted else stated


def _person(record: Record, what: str) -> bool:
    return record.person is not None and what in f"{record.person.who} {record.person.why}"


_SIGNS: dict[str, Callable[[Record, str], bool]] = {
    "kind": lambda record, what: record.kind.name == what,
    "outcome": _outcome,
    "reason": _reason,
    "flag": lambda record, what: any(flag.startswith(what) for flag in record.flags),
    "field": _field,
    "person": _person,
}
