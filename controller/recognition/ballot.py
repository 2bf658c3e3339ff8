"""The votes of one passage: glances go in, the plates and the counts of frames come out as facts.

Floats end here: what leaves are parts per million and microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from controller.core.images import FrameCounts, PlateRead
from controller.core.kinds import End, View
from controller.media import Cutouts
from controller.recognition.looks import Glance, Seen
from vision.plates import UNREADABLE, PlateType, validate
from vision.relation import End as Part
from vision.relation import VotedPlate
from vision.tracks import TEXT_CHARS_MAX, Look, Quad
from vision.vote import Outcome, Refusal, Votes, VoteSettings

FRAMES_MAX = 12
TRACKS_MAX = 6
SEEN_MAX = 512
CAMERA_READS = "camera_reads: "
"""A camera that reads the same plate by itself makes nothing suspicious."""
_PARTS = {View.FRONT: Part.FRONT, View.REAR: Part.REAR}
_VIEWS = {part: view for view, part in _PARTS.items()}


class _Source(Struct, frozen=True):
    """Where a plate of a vote was seen: the camera's number of the vehicle, and its cut-out."""

    track: int
    picture_sha256: str
    hints: tuple[str, ...]


class Ballot:
    """One passage that comes in at ``end``; frames exposed before ``entered_us`` have no vote.

    ``reads`` and ``frames`` are the facts as they stand now.
    """

    def __init__(
        self, passage_id: int, end: End, entered_us: int, agree_min: int, cutouts: Cutouts
    ) -> None:
        self.passage_id = passage_id
        self.end = end
        self.reads: tuple[PlateRead, ...] = ()
        self._counts: dict[View, FrameCounts] = {}
        settings = VoteSettings(
            agree_min=agree_min, frames_max=max(FRAMES_MAX, agree_min), tracks_max=TRACKS_MAX
        )
        self._votes = Votes(entered_us=entered_us, settings=settings)
        self._cutouts = cutouts
        self._sources: dict[tuple[int, Quad], _Source] = {}
        self._frame = 0
        self._until_us: int | None = None

    @property
    def frames(self) -> tuple[FrameCounts, ...]:
        """What became of the frames, camera by camera."""
        return tuple(self._counts[view] for view in sorted(self._counts))

    def bound(self, until_us: int | None) -> None:
        """Take the votes back that frames of the front after this time have: it had passed."""
        if until_us is None or until_us == self._until_us:
            return
        self._until_us = until_us
        self._votes.bound(Part.FRONT, left_us=until_us)
        self.reads = tuple(self._facts(self._votes.outcome()))

    def took(self, view: View) -> None:
        """Count a frame that a camera has handed out."""
        counts = self._of(view)
        self._counts[view] = replace(counts, taken=counts.taken + 1)

    def spoilt(self, view: View, flaw: str) -> None:
        """Count a frame that is not read, by what is wrong with it."""
        counts = self._of(view)
        flawed = dict(counts.flawed)
        flawed[flaw] = flawed.get(flaw, 0) + 1
        self._counts[view] = replace(counts, flawed=tuple(sorted(flawed.items())))

    def take(self, glance: Glance, hints: tuple[str, ...] = ()) -> None:
        """Take what was seen in one frame; ``hints`` are its camera's own."""
        if glance.sighted.flaw:
            self.spoilt(glance.view, glance.sighted.flaw)
            return
        self._frame += 1
        seen = [one for one in glance.sighted.seen if _is_look(one)]
        refused = self._votes.add(
            _PARTS[glance.view],
            self._frame,
            glance.captured_us,
            [_look(one) for one in seen],
            vehicle=glance.track,
        )
        counts = self._of(glance.view)
        late = refused not in (None, Refusal.EMPTY)
        self._counts[glance.view] = replace(
            counts, read=counts.read + (not late), late=counts.late + late
        )
        if refused is None:
            self._remember(glance.track, seen, hints)
            self.reads = tuple(self._facts(self._votes.outcome()))

    def _of(self, view: View) -> FrameCounts:
        blank = FrameCounts(passage_id=self.passage_id, end=self.end, view=view)
        return self._counts.get(view, blank)

    def _remember(self, track: int, seen: list[Seen], hints: tuple[str, ...]) -> None:
        for one in seen:
            digest = self._cutouts.add(one.png) if one.png else ""
            self._sources[self._frame, one.quad] = _Source(track, digest, (*one.hints, *hints))
        while len(self._sources) > SEEN_MAX:
            del self._sources[next(iter(self._sources))]

    def _facts(self, outcome: Outcome) -> Iterator[PlateRead]:
        """The plate of each end first, then the others, best first."""
        chosen = (outcome.front, outcome.rear)
        for plate in (*(one for one in chosen if one is not None), *outcome.others):
            if plate.text:
                yield self._fact(plate)

    def _fact(self, plate: VotedPlate) -> PlateRead:
        source = self._sources.get((plate.best_frame, plate.best_quad), _Source(0, "", ()))
        self._cutouts.touch(source.picture_sha256)
        return PlateRead(
            end=self.end,
            view=_VIEWS[plate.end],
            text=plate.text,
            char_ppm=tuple(ppm(p) for p in plate.probabilities),
            frames=plate.frames,
            agree=plate.frames_agree,
            first_us=plate.first_us,
            last_us=plate.last_us,
            captured_us=plate.best_us,
            track=source.track,
            picture_sha256=source.picture_sha256,
            valid=UNREADABLE not in plate.text and validate(plate.text),
            ptype=plate.ptype.value if plate.ptype is not None else "",
            ptype_ppm=ppm(plate.ptype_p),
            hints=tuple(hint for hint in source.hints if hint != f"{CAMERA_READS}{plate.text}"),
        )


def ppm(probability: float) -> int:
    """A probability in whole parts per million, never rounded up past what was said."""
    return max(0, min(1_000_000, int(probability * 1_000_000)))


def _is_look(seen: Seen) -> bool:
    return len(seen.text) == len(seen.chars) and len(seen.text) <= TEXT_CHARS_MAX


def _look(seen: Seen) -> Look:
    return Look(
        quad=seen.quad,
        text=seen.text,
        probabilities=seen.chars,
        ptype=PlateType(seen.ptype) if seen.ptype else None,
        ptype_p=seen.ptype_p,
        sharpness=seen.sharpness,
    )
