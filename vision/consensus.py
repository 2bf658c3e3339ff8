"""One text out of many reads of one plate: aligned, pooled by character, held to the grammar.

Reads of different length are laid over each other as a network of places, each of which holds
what every read has there, or that it has nothing (the ROVER method: Fiscus, "A post-processing
system to yield reduced word error rates", IEEE ASRU 1997).  At each place the reads' log-odds
are pooled.  A read of probability p says of every other character together no more than 1 - p,
as if one rival had it all: confusions of plate characters go in pairs (8/B, 0/D).

Frames of one passage share mud, light and angle, so n of them are worth fewer than n: each log
likelihood is weighted by `worth` / n (the design effect of clustered samples: Kish, "Survey
Sampling", 1965, section 5.4).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vision.plates import PROVINCES, UNREADABLE, classify

GAP: Final = ""
"""A place at which a read has no character."""
_PROVINCE_P_MIN: Final = 0.5
# Whole numbers: the way back through a table of sums needs them exact.
_GAP_COST, _WRONG_COST, _UNREADABLE_COST = 11, 10, 2


@dataclass(frozen=True, kw_only=True)
class Read:
    """What one frame says: text ('?' for an unreadable character), a probability for each."""

    text: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Bounds on probabilities, and how many frames must show a province before it is believed."""

    frame_p_max: float
    voted_p_max: float
    province_frames_min: int
    province_share_min: float


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """The voted text, each character's probability (0 for '?') and the reads that support it."""

    text: str
    probabilities: tuple[float, ...]
    support: tuple[int, ...]
    agree: int
    """Reads of exactly this text; '?' in the voted text fits any character, in a read none."""


_Place = list[tuple[str, float]]
"""What each read has at one place: the character (or GAP) and its probability."""


def combine(reads: Sequence[Read], worth: float, caps: Caps) -> Consensus:
    """Pool reads of one plate that count as `worth` independent ones (1..len(reads))."""
    if not reads:
        return Consensus(text="", probabilities=(), support=(), agree=0)
    network = _network(_order(reads))
    weight = worth / len(reads)
    pooled = [pool(place, weight, caps) for place in network]
    path = _best_path(network, pooled)
    text, chances, support = _spoken(path, network, pooled, caps)
    agree = sum(fits(read.text, text) for read in reads)
    return Consensus(text=text, probabilities=chances, support=support, agree=agree)


def pool(place: Sequence[tuple[str, float]], weight: float, caps: Caps) -> dict[str, float]:
    """Return the pooled probability of each value that was proposed; '?' proposes nothing."""
    votes = [(value, _clipped(p, caps.frame_p_max)) for value, p in place if value != UNREADABLE]
    if not votes:
        return {}
    against = weight * sum(math.log(1 - p) for _, p in votes)
    scores = {value: against for value, _ in votes}
    for value, p in votes:
        scores[value] += weight * (math.log(p) - math.log(1 - p))
    top = max(against, *scores.values())
    total = math.exp(against - top) + sum(math.exp(score - top) for score in scores.values())
    return {
        value: min(math.exp(score - top) / total, caps.voted_p_max)
        for value, score in scores.items()
    }


def fits(read: str, voted: str) -> bool:
    """Say whether a read is the voted text; a voted '?' fits any character."""
    return len(read) == len(voted) and all(
        mine in (theirs, UNREADABLE) for theirs, mine in zip(read, voted, strict=True)
    )


def likeness(one: str, other: str) -> float:
    """Return 1 for the same text down to 0, by the cost of aligning them; '?' costs little."""
    longest = max(len(one), len(other))
    if longest == 0:
        return 1.0
    cost = sum(_cost(a, b) for a, b in aligned(one, other))
    return max(0.0, 1.0 - cost / (_WRONG_COST * longest))


def aligned(one: str, other: str) -> list[tuple[str, str]]:
    """Return the cheapest pairing of two texts in order; GAP stands against nothing.

    The Needleman-Wunsch algorithm (J. Mol. Biol. 48, 1970).
    """
    rows, columns = len(one) + 1, len(other) + 1
    costs = [[_GAP_COST * (i + j) for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            costs[i][j] = min(
                costs[i - 1][j - 1] + _cost(one[i - 1], other[j - 1]),
                costs[i - 1][j] + _GAP_COST,
                costs[i][j - 1] + _GAP_COST,
            )
    return _traced(one, other, costs)


def _traced(one: str, other: str, costs: list[list[int]]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    i, j = len(one), len(other)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + _cost(one[i - 1], other[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((one[i], other[j]))
        elif i and costs[i][j] == costs[i - 1][j] + _GAP_COST:
            i -= 1
            pairs.append((one[i], GAP))
        else:
            j -= 1
            pairs.append((GAP, other[j]))
    return pairs[::-1]


def _cost(a: str, b: str) -> int:
    if a == b:
        return 0
    if GAP in (a, b):
        return _GAP_COST
    return _UNREADABLE_COST if UNREADABLE in (a, b) else _WRONG_COST


def _network(reads: Sequence[Read]) -> list[_Place]:
    """Lay the reads over the first one, place by place; every place holds them in their order."""
    first = reads[0]
    network: list[_Place] = [[pair] for pair in zip(first.text, first.probabilities, strict=True)]
    for known in range(1, len(reads)):
        network = _laid(network, reads[known], reads[:known])
    return network


def _order(reads: Sequence[Read]) -> list[Read]:
    """The commonest length first, and of it the surest: the others are aligned to that."""
    weights: dict[int, float] = {}
    for read in reads:
        weights[len(read.text)] = weights.get(len(read.text), 0.0) + sum(read.probabilities)
    length = max(weights, key=lambda size: weights[size])
    return sorted(reads, key=lambda r: (len(r.text) != length, -sum(r.probabilities)))


def _laid(network: list[_Place], read: Read, before: Sequence[Read]) -> list[_Place]:
    """Add one read; a character more than the others have opens a place that they leave empty."""
    faces = "".join(_face(place) for place in network)
    chances, places = iter(read.probabilities), iter(network)
    laid: list[_Place] = []
    for theirs, mine in aligned(faces, read.text):
        chance = min(read.probabilities) if mine == GAP else next(chances)
        if theirs == GAP:
            laid.append([*((GAP, min(r.probabilities)) for r in before), (mine, chance)])
        else:
            laid.append([*next(places), (mine, chance)])
    return laid


def _face(place: _Place) -> str:
    """The character that stands for a place in an alignment: the one with most probability."""
    totals: dict[str, float] = {}
    for value, p in place:
        if value != GAP:
            totals[value] = totals.get(value, 0.0) + p
    return max(totals, key=lambda value: totals[value])


def _best_path(network: list[_Place], pooled: list[dict[str, float]]) -> list[str]:
    """The likeliest value of each place; where that is no plate, the likeliest read that is one."""
    best = [max(p, key=lambda value: p[value]) if p else UNREADABLE for p in pooled]
    if _lawful(best):
        return best
    paths = [_filled(read, best) for read in zip(*network, strict=True)]
    return max(
        (path for path in paths if _lawful(path)),
        key=lambda path: math.prod(p.get(v, 0.0) for p, v in zip(pooled, path, strict=True)),
        default=best,
    )


def _filled(read: Sequence[tuple[str, float]], best: list[str]) -> list[str]:
    """One read's own path, with the best value where it could not read."""
    values = zip(read, best, strict=True)
    return [other if value == UNREADABLE else value for (value, _), other in values]


def _lawful(path: Sequence[str]) -> bool:
    """Say whether the text is a plate of GA 36, with any province where that is unreadable."""
    text = "".join(path)
    if not text.startswith(UNREADABLE):
        return classify(text) is not None
    return any(classify(province + text[1:]) is not None for province in PROVINCES)


def _spoken(
    path: list[str], network: list[_Place], pooled: list[dict[str, float]], caps: Caps
) -> tuple[str, tuple[float, ...], tuple[int, ...]]:
    """Turn the path into text, and a doubtful province into '?'.

    A place that is left out may have held a character after all: no character is surer than that.
    """
    text, chances, support = "", [], []
    ceiling = 1.0
    for value, place, values in zip(path, network, pooled, strict=True):
        if value == GAP:
            ceiling = min(ceiling, values.get(GAP, 0.0))
            continue
        known = sum(mine == value for mine, _ in place)
        if not text and not _enough(known, len(place), values.get(value, 0.0), caps):
            text += UNREADABLE
        else:
            text += value
        chances.append(0.0 if text.endswith(UNREADABLE) else values.get(value, 0.0))
        support.append(known)
    return text, tuple(min(chance, ceiling) for chance in chances), tuple(support)


def _enough(known: int, reads: int, chance: float, caps: Caps) -> bool:
    """Say whether enough reads show the province: there is none by default."""
    frames = min(caps.province_frames_min, reads)
    return known >= max(frames, caps.province_share_min * reads) and chance >= _PROVINCE_P_MIN


def _clipped(p: float, p_max: float) -> float:
    return min(max(p, 1 - p_max), p_max)
