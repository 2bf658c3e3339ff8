"""Write the conformance vectors: ``python -m protocol.vectors.make [FOLDER]``.

The same program writes the same bytes; a difference is a change of the format or of its check.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from protocol.chain import Chain
from protocol.keys import PrivateKey
from protocol.revocation import Revocation
from protocol.vectors.book import LANE, SEEDS, SITE, Expected, Vector
from protocol.vectors.custody import custody
from protocol.vectors.envelopes import envelopes
from protocol.vectors.links import links
from protocol.vectors.packed import packed
from protocol.vectors.payloads import payloads
from protocol.vectors.sound import sound

FOLDER = Path(__file__).parent


def vectors() -> Iterator[Vector]:
    """Every vector, by theme."""
    return chain(sound(), envelopes(), payloads(), links(), custody())


def found(vector: Vector) -> list[Expected]:
    """What this program finds in a vector."""
    check = Chain(SITE, LANE, vector.key, revoked=vector.revoked)
    return [
        (finding.code, finding.seq)
        for seq, sealed in vector.rows
        for finding in check.take(seq, sealed)
    ]


def files() -> dict[str, str]:
    """File name and text of everything that this program writes."""
    texts = {f"ledgers/{vector.name}.json": _text(_view(vector)) for vector in vectors()}
    texts |= {f"frames/{one.name}.json": _text(one.view()) for one in packed()}
    texts["keys.json"] = _text(_keys())
    return texts


def _view(vector: Vector) -> dict[str, Any]:
    return {
        "name": vector.name,
        "title": vector.title,
        "site": SITE,
        "lane": LANE,
        "key": vector.key.x.hex(),
        "revoked": [_revocation(entry) for entry in vector.revoked],
        "rows": [{"seq": seq, "sealed": sealed.hex()} for seq, sealed in vector.rows],
        "findings": [{"code": code, "seq": seq} for code, seq in vector.findings],
    }


def _revocation(entry: Revocation) -> dict[str, Any]:
    view: dict[str, Any] = {"kid": entry.kid.hex(), "why": entry.why}
    for name in ("from_seq", "from_date"):
        if getattr(entry, name) is not None:
            view[name] = getattr(entry, name)
    return view


def _keys() -> dict[str, Any]:
    return {name: _key(seed) for name, seed in SEEDS.items()}


def _key(seed: bytes) -> dict[str, str]:
    public = PrivateKey(seed).public
    return {"seed": seed.hex(), "x": public.x.hex(), "kid": public.kid.hex()}


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write all files; refuses where the findings are not those that the vector names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wrong = [vector for vector in vectors() if found(vector) != list(vector.findings)]
    for vector in wrong:
        print(f"{vector.name}: {vector.findings} due, {found(vector)} found", file=sys.stderr)
    if wrong:
        sys.exit(1)
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{len(files()) - 1} vectors in {folder}")


if __name__ == "__main__":
    main()
