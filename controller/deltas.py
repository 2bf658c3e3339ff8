"""What changed between two images, as paths and values, and the way back.

A path names fields and places of tuples, as in ``ends.0.boom.position``.  Structs, and tuples of
equally many structs, are taken apart; everything else changes whole.  Going back, a field that the
stored form lacks takes its default, and one that today's types do not have is an error: an image
that was only read in part would replay to another outcome for no visible reason.
"""

from __future__ import annotations

import types
import typing
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace


class DeltaError(ValueError):
    """A stored value that today's types cannot hold; the message names the field."""


def changes(old: object, new: object, path: str, found: dict[str, Any]) -> None:
    """Put into ``found`` what must be set, and where, to make ``old`` into another ``new``."""
    if type(old) is type(new):
        if isinstance(new, Struct):
            for name in new.__struct_fields__:
                was, now = getattr(old, name), getattr(new, name)
                # Asked here and not in the call, for most fields of most scans are the same.
                if was is not now and was != now:
                    changes(was, now, f"{path}{name}.", found)
            return
        if isinstance(old, tuple) and isinstance(new, tuple) and _same_shape(old, new):
            for place, (was, now) in enumerate(zip(old, new, strict=True)):
                if was is not now and was != now:
                    changes(was, now, f"{path}{place}.", found)
            return
    found[path[:-1]] = new


def _same_shape(old: tuple[object, ...], new: tuple[object, ...]) -> bool:
    return len(old) == len(new) > 0 and all(isinstance(item, Struct) for item in (*old, *new))


def applied(whole: Any, keys: tuple[str, ...], value: object) -> Any:
    """``whole`` with ``value`` in the place that ``keys`` name."""
    if not keys:
        return value
    first, rest = keys[0], keys[1:]
    if isinstance(whole, Struct):
        return replace(whole, **{first: applied(getattr(whole, first), rest, value)})
    if isinstance(whole, tuple) and first.isdecimal() and int(first) < len(whole):
        place = int(first)
        return (*whole[:place], applied(whole[place], rest, value), *whole[place + 1 :])
    raise DeltaError(f"{'.'.join(keys)}: there is nothing of that name to be changed")


def type_at(kind: Any, keys: tuple[str, ...], where: str) -> Any:
    """The type that stands at a path below ``kind``; DeltaError where there is none."""
    for key in keys:
        kind = _bare(kind)
        args = typing.get_args(kind)
        if _is_struct(kind) and key in _field_types(kind):
            kind = _field_types(kind)[key]
        elif typing.get_origin(kind) is tuple and key.isdecimal():
            kind = args[0] if args[-1] is Ellipsis else args[min(int(key), len(args) - 1)]
        else:
            raise DeltaError(f"{where}: this program knows no {key!r} there")
    return kind


def read_as(value: Any, kind: Any, where: str) -> Any:
    """A decoded value as ``kind``; DeltaError for unknown fields and for values of other types."""
    _check_names(value, kind, where)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise DeltaError(f"{where}: {error}") from error


def _check_names(value: Any, kind: Any, where: str) -> None:
    kind = _bare(kind)
    if _is_struct(kind) and isinstance(value, dict):
        known = _field_types(kind)
        for name, item in value.items():
            if name not in known:
                raise DeltaError(f"{where}: this program knows no {name!r} there")
            _check_names(item, known[name], f"{where}.{name}")
    elif typing.get_origin(kind) is tuple and isinstance(value, list):
        args = typing.get_args(kind)
        for place, item in enumerate(value):
            of = args[0] if args[-1] is Ellipsis else args[min(place, len(args) - 1)]
            _check_names(item, of, f"{where}.{place}")


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


@cache
def _field_types(kind: type[Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in fields(kind)}


def _bare(kind: Any) -> Any:
    """The type beside None in ``T | None``."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        rest = [one for one in typing.get_args(kind) if one is not types.NoneType]
        return rest[0] if len(rest) == 1 else kind
    return kind
