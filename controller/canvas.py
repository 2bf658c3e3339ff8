"""A small sheet of terminal cells on which things are drawn at places, Chinese text included."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

_SEVEN = {
    "0": ("┏━┓", "┃ ┃", "┗━┛"),
    "1": (" ╻ ", " ┃ ", " ╹ "),
    "2": ("╺━┓", "┏━┛", "┗━╸"),
    "3": ("╺━┓", " ━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"),
    "5": ("┏━╸", "┗━┓", "╺━┛"),
    "6": ("┏━╸", "┣━┓", "┗━┛"),
    "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"),
    "9": ("┏━┓", "┗━┫", "╺━┛"),
    "-": ("   ", "╺━╸", "   "),
    " ": (" ", " ", " "),
}


class Canvas:
    """Cells of ``width`` by ``height``; what falls outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells = [[(" ", "")] * width for _ in range(height)]

    def put(self, x: int, y: int, words: str, style: str = "") -> None:
        """Write a text from (x, y) to the right."""
        for character in words:
            wide = cell_len(character)
            if wide and x >= 0 and x + wide <= self.width and 0 <= y < self.height:
                self._clear(x, y, wide)
                self._cells[y][x] = (character, style)
                for covered in range(x + 1, x + wide):
                    self._cells[y][covered] = ("", style)
            x += wide

    def down(self, x: int, top: int, bottom: int, character: str, style: str = "") -> None:
        """Write one character in every row from ``top`` to ``bottom``."""
        for y in range(top, bottom + 1):
            self.put(x, y, character, style)

    def lines(self) -> Iterator[Text]:
        """The rows, from the top."""
        for row in self._cells:
            line = Text(no_wrap=True, overflow="crop")
            for character, style in row:
                line.append(character, style)
            yield line

    def _clear(self, x: int, y: int, wide: int) -> None:
        """Half of a wide character cannot stay when the other half is written over."""
        row = self._cells[y]
        if row[x][0] == "" and x > 0:
            row[x - 1] = (" ", "")
        if x + wide < self.width and row[x + wide][0] == "":
            row[x + wide] = (" ", "")


def big(number: str, style: str) -> list[Text]:
    """Digits, minus and space as three rows, three cells a digit."""
    rows = (" ".join(_SEVEN[c][row] for c in number) for row in range(3))
    return [Text(row, style, no_wrap=True) for row in rows]
