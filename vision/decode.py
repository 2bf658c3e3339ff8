"""From the network's columns to a plate of GA 36: best path among the plates that may exist."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from vision.plates import ALPHABET, TEMPLATES, UNREADABLE, classify, written

Float = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]
Run = tuple[int, list[int]]
"""A class and the columns that stand for it."""

PROVINCE_P_MIN: Final = 0.5
"""Below this the first character is shown as unreadable: there is no default province."""
SURE_P_MIN: Final = 0.5
SURE_PLACES_MIN: Final = 5
"""Fewer places than this above SURE_P_MIN and the picture is not taken for a plate."""

_NEVER: Final = -1e9
_BLANK_P_MIN: Final = 0.999
_CANDIDATE_P_MIN: Final = 1e-3
"""Classes that never reach this in a picture are left out of the search, which it makes fast."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Text of one plate and the probability of each character; both empty for no plate."""

    text: str
    probabilities: tuple[float, ...]


NO_PLATE: Final = Decoded(text="", probabilities=())


def decode(logits: Float) -> Decoded:
    """Return the likeliest plate in logits of (columns, 1 + alphabet), blank first."""
    shares = _thinned(_softmax(logits))
    path = _collapse(shares.argmax(axis=1))
    glyphs = "".join(ALPHABET[char - 1] for char, _ in path)
    if classify(glyphs) is None:
        glyphs, path = _constrained(shares)
    chances = _chances(shares, path)
    if sum(chance >= SURE_P_MIN for chance in chances) < SURE_PLACES_MIN:
        return NO_PLATE
    if glyphs.startswith(UNREADABLE):
        chances.insert(0, 0.0)
    elif chances[0] < PROVINCE_P_MIN:
        glyphs = UNREADABLE + glyphs[1:]
    return Decoded(text=written(glyphs), probabilities=tuple(chances))


def _softmax(logits: Float) -> Float:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _thinned(shares: Float) -> Float:
    """Leave one column of each run of sure blanks: they say no more than one does."""
    blank = shares[:, 0] > _BLANK_P_MIN
    keep = ~(blank & np.concatenate([[False], blank[:-1]]))
    return np.asarray(shares[keep], np.float32)


def _chances(shares: Float, path: list[Run]) -> list[float]:
    """Return the probability of each character.

    It is the character's best column; but where the grammar bent the path, by another character
    or by a gap that was hardly there, it is at most how likely that bend is against the best.
    """
    best = shares.max(axis=1)
    chances, begin = [], 0
    for number, (char, columns) in enumerate(path, 1):
        end = len(shares) if number == len(path) else columns[-1] + 1
        chosen = shares[begin:end, 0].copy()
        chosen[np.array(columns) - begin] = shares[columns, char]
        bend = float(np.prod(chosen / best[begin:end]))
        chances.append(round(min(float(shares[columns, char].max()), bend), 4))
        begin = end
    return chances


def _collapse(path: npt.NDArray[np.intp]) -> list[Run]:
    """Return (class, its columns) of each run that is not blank."""
    runs: list[Run] = []
    before = 0
    for column, char in enumerate(path.tolist()):
        if char and char != before:
            runs.append((char, []))
        if char:
            runs[-1][1].append(column)
        before = char
    return runs


@cache
def _variants() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (prefix, places): every plate form, whole and with its province unreadable."""
    whole = [("", template.places) for template in TEMPLATES]
    return (*whole, *((UNREADABLE, template.places[1:]) for template in TEMPLATES))


@cache
def _barriers() -> tuple[Float, Int]:
    """Return log-allowance (variant, place, class) and the number of places of each variant."""
    places_max = max(len(places) for _, places in _variants())
    allow = np.full((len(_variants()), places_max, len(ALPHABET) + 1), _NEVER, np.float32)
    for row, (_, places) in zip(allow, _variants(), strict=True):
        for place, chars in zip(row, places, strict=False):
            place[[ALPHABET.index(char) + 1 for char in chars]] = 0.0
    return allow, np.array([len(places) for _, places in _variants()])


def _constrained(shares: Float) -> tuple[str, list[Run]]:
    """Viterbi over all variants at once; CTC: equal neighbours need a blank between them."""
    candidates = np.flatnonzero(shares.max(axis=0) > _CANDIDATE_P_MIN)
    candidates = np.union1d([0], candidates)
    logs = np.log(shares[:, candidates] + 1e-8)
    kinds, allow, lengths = _possible(candidates)
    if not len(kinds):
        return "", []
    count, places, classes = allow.shape
    gap = np.full((count, places + 1), _NEVER, np.float32)
    gap[:, 0] = 0.0
    ink = np.full((count, places, classes), _NEVER, np.float32)
    steps = []
    for column in logs:
        gap, ink, step = _advance(gap, ink, column, allow)
        steps.append(step)
    rows = np.arange(count)
    last_ink = ink[rows, lengths - 1].max(axis=1)
    score = np.maximum(gap[rows, lengths], last_ink)
    best = int(score.argmax())
    if score[best] <= _NEVER / 2:
        return "", []
    length = int(lengths[best])
    in_ink = bool(last_ink[best] > gap[best, length])
    char = int(ink[best, length - 1].argmax())
    traced = _trace(steps, best, length, char, in_ink)
    path = [(int(candidates[place]), columns) for place, columns in traced]
    glyphs = "".join(ALPHABET[char - 1] for char, _ in path)
    return _variants()[int(kinds[best])][0] + glyphs, path


def _possible(candidates: Int) -> tuple[Int, Float, Int]:
    """Return numbers, allowances and lengths of the variants that these classes can fill."""
    allow, lengths = _barriers()
    allow = allow[:, :, candidates]
    beyond = np.arange(allow.shape[1]) >= lengths[:, None]
    kinds = np.flatnonzero(((allow == 0).any(axis=2) | beyond).all(axis=1))
    return kinds, allow[kinds], lengths[kinds]


_Step = tuple[npt.NDArray[np.int8], Int, Int, npt.NDArray[np.bool_], Int]


def _advance(gap: Float, ink: Float, column: Float, allow: Float) -> tuple[Float, Float, _Step]:
    """Move one column on; gap[v, i] stands blank after i characters, ink[v, i, c] in character i.

    The step keeps where each state came from: for ink 0 the same, 1 the gap before, 2 the best
    other character before; for the gap whether it left a character, and which.
    """
    count, _, classes = ink.shape
    top = ink.argmax(axis=2)
    top_score = np.take_along_axis(ink, top[..., None], 2)[..., 0]
    rest = ink.copy()
    np.put_along_axis(rest, top[..., None], np.float32(2 * _NEVER), 2)
    second = rest.argmax(axis=2)
    second_score = np.take_along_axis(rest, second[..., None], 2)[..., 0]
    other = np.full_like(ink, _NEVER)
    same = np.arange(classes) == top[:, :-1, None]
    other[:, 1:] = np.where(same, second_score[:, :-1, None], top_score[:, :-1, None])
    before = np.broadcast_to(gap[:, :-1, None], ink.shape)
    ways = np.stack([ink, before, other])
    source = ways.argmax(axis=0).astype(np.int8)
    next_ink = np.maximum(ways.max(axis=0) + column + allow, np.float32(_NEVER))
    left = np.zeros(gap.shape, np.bool_)
    left[:, 1:] = top_score > gap[:, 1:]
    entered = np.concatenate([np.full((count, 1), _NEVER, np.float32), top_score], axis=1)
    next_gap = np.maximum(gap, entered) + column[0]
    return next_gap, next_ink, (source, top, second, left, top)


def _trace(steps: list[_Step], variant: int, length: int, char: int, in_ink: bool) -> list[Run]:
    """Walk back from the end; return (class, its columns) of each place in order."""
    runs: list[Run] = []
    place = length - 1 if in_ink else length
    opened = False
    for column in range(len(steps) - 1, -1, -1):
        source, top, second, left, entered = steps[column]
        if not in_ink:
            if left[variant, place]:
                in_ink, place, opened = True, place - 1, False
                char = int(entered[variant, place])
            continue
        if not opened:
            runs.append((char, []))
            opened = True
        runs[-1][1].append(column)
        way = int(source[variant, place, char])
        if way == 1:
            in_ink = False
        elif way == 2:
            place, opened = place - 1, False
            first = int(top[variant, place])
            char = first if first != char else int(second[variant, place])
    for _, columns in runs:
        columns.reverse()
    return runs[::-1]
