"""Deterministic CBOR: one value has one encoding, and only that encoding is read back.

Source: RFC 8949 §4.2.1 (core deterministic encoding, map keys in bytewise order).  The subset is
what evidence needs: integers of 64 bits, text, bytes, booleans, null, arrays, and maps keyed by
integers.  Floats, tags, bignums and undefined are refused in both directions.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import cbor2

Value: TypeAlias = "int | str | bytes | bool | list[Value] | dict[int, Value] | None"

BYTES_MAX = 4 * 1024 * 1024
DEPTH_MAX = 16
INT_MIN, INT_MAX = -(2**64), 2**64 - 1

_AS_IT_IS = frozenset({str, bytes, bool, type(None)})
_INTEGER = {int}


class CborError(ValueError):
    """A value that has no deterministic encoding here, or bytes that are not one."""


def encode(value: Value) -> bytes:
    """Encode ``value``; raises CborError for a type, a key or a size outside the subset."""
    try:
        body = cbor2.dumps(_ordered(value, 0))
    except UnicodeEncodeError as error:
        raise CborError(f"text is not valid Unicode: {error}") from error
    if len(body) > BYTES_MAX:
        raise CborError(f"the encoding has {len(body)} bytes; at most {BYTES_MAX} are allowed")
    return body


def decode(body: bytes) -> Value:
    """Decode ``body`` and accept it only if it is the very encoding ``encode`` would give.

    That one comparison refuses duplicate and unsorted keys, non-minimal integers and lengths,
    indefinite lengths, trailing bytes, floats and tags alike.  Raises CborError.
    """
    if len(body) > BYTES_MAX:
        raise CborError(f"{len(body)} bytes are too many; at most {BYTES_MAX} are allowed")
    value = load(body)
    if encode(value) != body:
        raise CborError(
            "not deterministic CBOR: trailing bytes, unsorted keys or a number longer than needed"
        )
    return value


def load(body: bytes) -> Value:
    """Decode bytes that ``encode`` has made; of any others this does not see the form."""
    try:
        value: Value = cbor2.loads(
            body, max_depth=DEPTH_MAX, allow_indefinite=False, allow_duplicate_keys=False
        )
    except (cbor2.CBORError, ValueError, OverflowError, TypeError) as error:
        raise CborError(f"not CBOR: {error}") from error
    return value


def _ordered(value: Value, depth: int) -> Value:
    """Check types and bounds, and put the keys of every map into bytewise order."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if isinstance(value, int):
        return _bounded(value)
    if depth >= DEPTH_MAX:
        raise CborError(f"nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, list):
        if _plain_integers(value):
            return value
        return [_ordered(item, depth + 1) for item in value]
    if isinstance(value, dict):
        # Most items are as they are: a call for each would be most of the time.
        return {
            key: item if type(item := value[key]) in _AS_IT_IS else _ordered(item, depth + 1)
            for key in _keys(value)
        }
    raise CborError(f"a {kind.__name__} has no place in a record; use integers, text or bytes")


def _plain_integers(items: list[Value]) -> bool:
    """A weight curve is thousands of integers; they need no walk one by one."""
    if {type(item) for item in items} != _INTEGER:
        return False
    numbers = cast(list[int], items)
    return min(numbers) >= INT_MIN and max(numbers) <= INT_MAX


def _keys(value: dict[int, Value]) -> list[int]:
    """The keys in bytewise order of their encodings: upwards from 0, then downwards from -1."""
    if not value.keys() or {type(key) for key in value} == _INTEGER:
        keys = sorted(value)
    else:
        keys = sorted(_map_key(key) for key in value)
    if not keys or (keys[0] >= 0 and keys[-1] <= INT_MAX):
        return keys
    for outermost in (keys[0], keys[-1]):
        _bounded(outermost)
    negative = sum(key < 0 for key in keys)
    return [*keys[negative:], *reversed(keys[:negative])]


def _bounded(number: int) -> int:
    if not INT_MIN <= number <= INT_MAX:
        raise CborError(f"{number} does not fit CBOR's 64-bit integers")
    return int(number)


def _map_key(key: object) -> int:
    # True is an int in Python and equals 1, so it would silently take the place of key 1.
    if type(key) is not int:
        raise CborError(f"map key {key!r} is a {type(key).__name__}; keys are integers")
    return _bounded(key)
