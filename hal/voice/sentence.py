"""What is spoken of a page: its lines as one sentence, masses in words that a voice can say."""

from __future__ import annotations

import re

from hal.ports import SignPage
from hal.signs.text import gbk

PAUSE = "，"
_MASS = re.compile(r"([0-9]) ?kg(?![A-Za-z])")


def sentence_of(page: SignPage, bytes_max: int) -> str:
    """The lines of a page, joined; where they are too long the first and the last are kept longest.

    Any character that GBK has not is spoken as nothing.  ``bytes_max`` counts GBK bytes.
    """
    said = [_said(line) for line in page.lines if line.strip()]
    while len(said) > 1 and len(gbk(PAUSE.join(said))) > bytes_max:
        # What stands in between are the numbers, which the sign shows as well.
        del said[-2 if len(said) > 2 else -1]
    text = PAUSE.join(said)
    while len(gbk(text)) > bytes_max:
        text = text[:-1]
    return text


def _said(line: str) -> str:
    heard = _MASS.sub(r"\1公斤", line.strip())
    return "".join(one for one in heard if _known(one))


def _known(one: str) -> bool:
    try:
        one.encode("gbk")
    except UnicodeEncodeError:
        return False
    return one.isprintable()
