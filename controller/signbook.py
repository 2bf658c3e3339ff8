"""What the plates of a record make suspicious: hints for whoever reads it, never a verdict.

All that is asked stands in the record itself and in the passages just before it.
"""

from __future__ import annotations

from collections import deque

from controller.recognition.flags import flag_of
from protocol.parts import Kind, Plate, View
from protocol.record import Record
from vision.plates import UNREADABLE, PlateType
from vision.relation import End as Part
from vision.relation import VotedPlate, relation_of
from vision.suspicion import Sighting, Suspicion, VehicleFacts, seen_before, suspicions
from vision.vote import Outcome, VoteSettings

RECENT_MAX = 32
TRAIN, TRUCK = "train", "truck"

_QUAD = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_VOTE = VoteSettings()
_PARTS = {View.FRONT: Part.FRONT, View.REAR: Part.REAR}


class SignBook:
    """Remembers the latest passages, to tell a plate that was just on another vehicle."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, Sighting]] = deque(maxlen=RECENT_MAX)

    def flags(self, record: Record) -> tuple[str, ...]:
        """The signs of a passage's first record, as its flags; the same when asked again."""
        if record.kind is not Kind.PASSAGE:
            return ()
        sighting = sighting_of(record)
        before = [one for number, one in self._recent if number != record.passage_id]
        found = [*signs_of(record), *(seen_before(sighting, before) if sighting else ())]
        if sighting and (record.passage_id, sighting) not in self._recent:
            self._recent.append((record.passage_id, sighting))
        hints = (hint for plate in record.plates for hint in plate.hints)
        return tuple(dict.fromkeys((*(flag_of(sign) for sign in found), *hints)))


def signs_of(record: Record) -> tuple[Suspicion, ...]:
    """The signs within one record: its plates against each other, its axles and its weight."""
    outcome = outcome_of(record)
    axles, weighing = record.axles, record.weighing
    kind = axles.vehicle_kind if axles is not None else None
    vehicle = VehicleFacts(
        axles=axles.count if axles is not None else None,
        gross_g=weighing.gross_g if weighing is not None else None,
        trailer={TRAIN: True, TRUCK: False}.get(kind or ""),
    )
    return suspicions(outcome, vehicle)


def outcome_of(record: Record) -> Outcome:
    """The votes as the record tells them."""
    plates = [_voted(plate) for plate in record.plates if plate.view is not None]
    front = next((plate for plate in plates if plate.end is Part.FRONT), None)
    rear = next((plate for plate in plates if plate.end is Part.REAR), None)
    relation = relation_of(front, rear, alike_min=_VOTE.alike_min, agree_min=_VOTE.agree_min)
    others = tuple(plate for plate in plates if plate is not front and plate is not rear)
    return Outcome(front=front, rear=rear, others=others, relation=relation, refused={})


def sighting_of(record: Record) -> Sighting | None:
    """The passage as another one sees it; None without a plate."""
    outcome = outcome_of(record)
    rear = outcome.rear.text if outcome.rear is not None else ""
    if not record.plate and not rear:
        return None
    times = record.times
    first_us = times.at_us if times.started_us is None else times.started_us
    return Sighting(
        front=record.plate or "",
        rear=rear,
        first_us=first_us,
        last_us=max(first_us, times.at_us),
        axles=record.axles.count if record.axles is not None else None,
    )


def _voted(plate: Plate) -> VotedPlate:
    chances = tuple(one / 1_000_000 for one in plate.conf_ppm)
    agree = plate.agree or 0
    return VotedPlate(
        end=_PARTS[plate.view or View.FRONT],
        text=plate.text,
        probabilities=chances,
        support=(agree,) * len(chances),
        confidence=min(chances, default=0.0),
        frames_agree=agree,
        frames=plate.frames or 0,
        settled=bool(plate.valid) and UNREADABLE not in plate.text and agree >= _VOTE.agree_min,
        ptype=PlateType(plate.ptype) if plate.ptype is not None else None,
        ptype_p=(plate.ptype_ppm or 0) / 1_000_000,
        best_frame=0,
        best_quad=_QUAD,
        best_us=plate.captured_us or 0,
        first_us=plate.first_us or 0,
        last_us=plate.last_us or 0,
    )
