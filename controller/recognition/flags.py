"""Signs in words that a record has room for."""

from __future__ import annotations

from vision.suspicion import Suspicion

FLAG_MAX = 64


def flag_of(sign: Suspicion) -> str:
    """One sign with what was measured and the limit that it passed."""
    return f"{sign.sign.value}: {sign.quantity} {sign.value:g}, limit {sign.limit:g}"[:FLAG_MAX]
