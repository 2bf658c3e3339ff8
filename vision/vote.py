"""The plates of one passage, out of all frames in which they were read: tracks, votes, relation.

Pure: no clock and no files; times are lane time in whole microseconds.  Frames outside the time
that the lane gives for an end of the vehicle are refused and counted, whenever the lane gives it:
a picture of the next vehicle must not name this one.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from vision.consensus import Caps, Read, combine, pool
from vision.plates import UNREADABLE, PlateType, validate
from vision.relation import End, Relation, VotedPlate, relation_of, same
from vision.tracks import Dated, Gates, Look, box_of, match


class Refusal(StrEnum):
    """Why a frame, or a plate in it, has no vote."""

    EARLY = "early"
    LATE = "late"
    REPEATED = "repeated"
    EMPTY = "empty"
    CROWDED = "crowded"


class VoteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much frames count.

    Two frames of a standing plate share `rho_still` of their errors, two of a plate that has
    moved by several of its heights `rho_moved`: n frames count as n / (1 + (n - 1) rho).
    """

    agree_min: int = 2
    rho_still: float = 0.9
    rho_moved: float = 0.5
    frame_p_max: float = 0.999
    voted_p_max: float = 0.9999
    province_frames_min: int = 2
    province_share_min: float = 1 / 3
    frames_max: int = 24
    tracks_max: int = 8
    looks_max: int = 6
    alike_min: float = 0.8
    gates: Gates = Gates()

    def __post_init__(self) -> None:
        """Refuse settings under which a vote means nothing; raises ValueError."""
        if min(self.agree_min, self.province_frames_min, self.tracks_max, self.looks_max) < 1:
            raise ValueError("agree_min, province_frames_min, tracks_max and looks_max are 1 up")
        if self.frames_max < max(4, self.agree_min):
            raise ValueError(f"frames_max {self.frames_max} is less than 4, or than agree_min")
        if not 0 <= self.rho_moved <= self.rho_still <= 1:
            raise ValueError("frames share 0 <= rho_moved <= rho_still <= 1 of their errors")
        if not (0.5 < self.frame_p_max < 1 and 0.5 < self.voted_p_max < 1):
            raise ValueError("frame_p_max and voted_p_max lie between 0.5 and 1")

    @property
    def caps(self) -> Caps:
        """The bounds on probabilities."""
        return Caps(
            frame_p_max=self.frame_p_max,
            voted_p_max=self.voted_p_max,
            province_frames_min=self.province_frames_min,
            province_share_min=self.province_share_min,
        )


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The passage's plates: one for each end, the rest, best first, and what was refused."""

    front: VotedPlate | None
    rear: VotedPlate | None
    others: tuple[VotedPlate, ...]
    relation: Relation
    refused: dict[Refusal, int]

    @property
    def contested(self) -> tuple[End, ...]:
        """The ends at which another settled plate was seen too: a neighbour, or the next one."""
        chosen = {plate.end: plate.text for plate in (self.front, self.rear) if plate is not None}
        rivals = (o for o in self.others if o.settled and not same(o.text, chosen[o.end]))
        return tuple(sorted({plate.end for plate in rivals}))


class _Track:
    """The frames of one plate, bounded.

    What goes is a frame that its neighbours in time stand closest around, hence the most like
    them; the first, the last and the best to show stay.
    """

    def __init__(self, end: End) -> None:
        self.end = end
        self.looks: list[Dated] = []

    def add(self, look: Dated, frames_max: int) -> None:
        self.looks.append(look)
        self.looks.sort(key=lambda one: (one.captured_us, one.frame))
        if len(self.looks) > frames_max:
            best = max(self.looks, key=lambda one: _show(one.look))
            inner = (
                (after.captured_us - before.captured_us, one.look.confidence, at)
                for at, (before, one, after) in enumerate(_threes(self.looks), 1)
                if one is not best
            )
            del self.looks[min(inner)[2]]

    def size(self) -> tuple[int, float]:
        return len(self.looks), sum(one.look.confidence for one in self.looks)


class Votes:
    """Votes of one passage; `add` frame by frame, `outcome` at any time."""

    def __init__(
        self, *, entered_us: int, left_us: int | None = None, settings: VoteSettings | None = None
    ) -> None:
        """Begin a passage at lane time `entered_us`; the end may become known later."""
        self._settings = VoteSettings() if settings is None else settings
        window = (entered_us, left_us)
        self._windows: dict[End, tuple[int, int | None]] = dict.fromkeys(End, window)
        self._tracks: list[_Track] = []
        self._times: dict[End, deque[int]] = {end: deque(maxlen=256) for end in End}
        self._refused: Counter[Refusal] = Counter()

    def bound(self, end: End, *, entered_us: int | None = None, left_us: int | None = None) -> None:
        """Narrow the time in which an end is seen; looks outside lose their vote and are counted.

        The front camera may see the next vehicle while this one is on the deck: the lane says
        when its front was last before that camera.
        """
        entered, left = self._windows[end]
        entered = entered if entered_us is None else entered_us
        self._windows[end] = (entered, left if left_us is None else left_us)
        for track in self._tracks:
            if track.end is end:
                self._withdraw(track)
        self._tracks = [track for track in self._tracks if track.looks]

    def close(self, left_us: int) -> None:
        """Say when the vehicle had left; where an end was bounded closer, that stays."""
        for end, (_, left) in list(self._windows.items()):
            if left is None or left > left_us:
                self.bound(end, left_us=left_us)

    def add(
        self,
        end: End,
        frame: int,
        captured_us: int,
        looks: Sequence[Look],
        *,
        vehicle: int | None = None,
    ) -> Refusal | None:
        """Take the plates of one frame; None when it counts, else why the frame does not.

        `frame` is the caller's number of the frame, given back with the best cut-out. A frame
        without text counts as EMPTY; plates past `looks_max` are CROWDED and only counted.
        """
        untimely = self._untimely(end, captured_us)
        if untimely is not None:
            return self._refuse(untimely)
        if captured_us in self._times[end]:
            return self._refuse(Refusal.REPEATED)
        self._times[end].append(captured_us)
        dated = [
            Dated(frame=frame, captured_us=captured_us, vehicle=vehicle, look=look)
            for look in sorted(looks, key=lambda look: -look.confidence)
            if look.text.strip(UNREADABLE)
        ]
        if not dated:
            return self._refuse(Refusal.EMPTY)
        self._refused[Refusal.CROWDED] += max(0, len(dated) - self._settings.looks_max)
        self._associate(end, dated[: self._settings.looks_max])
        return None

    def outcome(self) -> Outcome:
        """Return the votes as they stand."""
        ranked = sorted((self._voted(t) for t in self._tracks), key=_standing, reverse=True)
        front = next((plate for plate in ranked if plate.end is End.FRONT), None)
        rear = next((plate for plate in ranked if plate.end is End.REAR), None)
        return Outcome(
            front=front,
            rear=rear,
            others=tuple(plate for plate in ranked if plate is not front and plate is not rear),
            relation=relation_of(
                front, rear, alike_min=self._settings.alike_min, agree_min=self._settings.agree_min
            ),
            refused={reason: self._refused[reason] for reason in Refusal},
        )

    def _refuse(self, reason: Refusal) -> Refusal:
        self._refused[reason] += 1
        return reason

    def _untimely(self, end: End, captured_us: int) -> Refusal | None:
        entered, left = self._windows[end]
        if captured_us < entered:
            return Refusal.EARLY
        return Refusal.LATE if left is not None and captured_us > left else None

    def _withdraw(self, track: _Track) -> None:
        """Take back the looks that a narrower window leaves out."""
        kept = []
        for one in track.looks:
            untimely = self._untimely(track.end, one.captured_us)
            if untimely is None:
                kept.append(one)
            else:
                self._refuse(untimely)
        track.looks = kept

    def _associate(self, end: End, looks: list[Dated]) -> None:
        """Give each look to the track it fits best, one look of a frame to a track."""
        mine = [track for track in self._tracks if track.end is end]
        scores = [match(looks, track.looks, self._settings.gates) for track in mine]
        pairs = sorted(
            (
                (score, -at, -number)
                for number, row in enumerate(scores)
                for at, score in enumerate(row)
                if score > 0
            ),
            reverse=True,
        )
        taken: set[int] = set()
        used: set[int] = set()
        for _, minus_at, minus_number in pairs:
            at, number = -minus_at, -minus_number
            if at not in taken and number not in used:
                mine[number].add(looks[at], self._settings.frames_max)
                taken.add(at)
                used.add(number)
        for at, look in enumerate(looks):
            if at not in taken:
                self._open(end, look)

    def _open(self, end: End, look: Dated) -> None:
        """Begin a track; where there are too many, the one with least to say goes."""
        track = _Track(end)
        track.add(look, self._settings.frames_max)
        self._tracks.append(track)
        if len(self._tracks) > self._settings.tracks_max:
            weakest = min(self._tracks, key=_Track.size)
            self._tracks.remove(weakest)
            self._refused[Refusal.CROWDED] += len(weakest.looks)

    def _voted(self, track: _Track) -> VotedPlate:
        settings, looks = self._settings, track.looks
        reads = [Read(text=d.look.text, probabilities=d.look.probabilities) for d in looks]
        worth = worth_of(looks, settings.rho_still, settings.rho_moved)
        voted = combine(reads, worth, settings.caps)
        ptype, ptype_p = _type(looks, worth, settings.caps)
        best = max(looks, key=lambda d: (d.look.text == voted.text, _show(d.look)))
        sure = validate(voted.text)
        return VotedPlate(
            end=track.end,
            text=voted.text,
            probabilities=voted.probabilities,
            support=voted.support,
            confidence=min(voted.probabilities, default=0.0),
            frames_agree=voted.agree,
            frames=len(looks),
            settled=sure and voted.agree >= settings.agree_min,
            ptype=ptype,
            ptype_p=ptype_p,
            best_frame=best.frame,
            best_quad=best.look.quad,
            best_us=best.captured_us,
            first_us=looks[0].captured_us,
            last_us=looks[-1].captured_us,
        )


def worth_of(looks: Sequence[Dated], rho_still: float, rho_moved: float) -> float:
    """Return how many independent looks these count as, 1..len(looks).

    Between two looks the share of common errors falls from `rho_still` to `rho_moved` as the
    plate moves on by its own height.
    """
    boxes = [box_of(one.look.quad) for one in looks]
    middles = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, b[3] - b[1]) for b in boxes]
    shared = 0.0
    for i, (x, y, height) in enumerate(middles):
        for u, v, other in middles[:i]:
            moved = math.hypot(x - u, y - v) / max(height, other, 1.0)
            shared += 2 * (rho_moved + (rho_still - rho_moved) * math.exp(-moved))
    return len(looks) ** 2 / (len(looks) + shared)


def _type(looks: Iterable[Dated], worth: float, caps: Caps) -> tuple[PlateType | None, float]:
    votes = [(d.look.ptype.value, d.look.ptype_p) for d in looks if d.look.ptype is not None]
    if not votes:
        return None, 0.0
    chances = pool(votes, min(worth / len(votes), 1.0), caps)
    best = max(chances, key=lambda value: chances[value])
    return PlateType(best), chances[best]


def _threes(looks: list[Dated]) -> Iterable[tuple[Dated, Dated, Dated]]:
    return zip(looks, looks[1:], looks[2:], strict=False)


def _show(look: Look) -> float:
    """How much a cut-out is worth showing: sharp and surely read."""
    return look.sharpness * look.confidence


def _standing(plate: VotedPlate) -> tuple[bool, float, int, float]:
    """Order plates: settled first, then the nearest: the next vehicle is seen behind this one."""
    left, top, right, bottom = box_of(plate.best_quad)
    return plate.settled, (right - left) * (bottom - top), plate.frames_agree, plate.confidence
