"""The line editor of a terminal: prompt_toolkit on keys that have been sifted before.

Works on a plain VT100 of 80 by 24 without colour: no cursor question is asked of the terminal, and
completions are listed below the line as a shell does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.input.base import Input
from prompt_toolkit.input.vt100 import Vt100Input, _attached_input, _detached_input
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession

from controller.console.grammar import Offer
from controller.console.keys import LINE_MAX, PASTE_TOO_LONG, TOO_LONG
from controller.console.terminal import Terminal

if TYPE_CHECKING:
    from typing import TextIO

    from controller.console.context import Screen

REFRESH_S = 1.0
TOGETHER_MIN = 8
Help = Callable[[str], Sequence[str]]
Offers = Callable[[str], Sequence[Offer]]


class _Keys(Input):
    """A terminal's keys for prompt_toolkit, a line at a time: what is typed ahead waits here."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def fileno(self) -> int:
        return self._terminal.wake_fd

    def typeahead_hash(self) -> str:
        return f"terminal-{id(self._terminal)}"

    def read_keys(self) -> list[KeyPress]:
        keys = self._terminal.taken()
        for place, key in enumerate(keys):
            if key.key == Keys.ControlM:
                self._terminal.give_back(keys[place + 1 :])
                return _together(keys[: place + 1])
        return _together(keys)

    def flush_keys(self) -> list[KeyPress]:
        return self._terminal.flushed()

    @property
    def closed(self) -> bool:
        return bool(self._terminal.ended)

    def raw_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    def cooked_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    # prompt_toolkit attaches by the descriptor alone and asks nothing else of its own kind.
    def attach(self, input_ready_callback: Callable[[], None]) -> AbstractContextManager[None]:
        self._terminal.give_back([])
        return _attached_input(cast(Vt100Input, self), input_ready_callback)

    def detach(self) -> AbstractContextManager[None]:
        return _detached_input(cast(Vt100Input, self))


def _together(keys: Sequence[KeyPress]) -> list[KeyPress]:
    """Letters that came at once as one paste: each by itself costs the editor a millisecond."""
    found = list[KeyPress]()
    for plain, run in groupby(keys, lambda key: len(key.key) == 1 and key.key != "?"):
        letters = list(run)
        if plain and len(letters) >= TOGETHER_MIN:
            found.append(KeyPress(Keys.BracketedPaste, "".join(one.data for one in letters)))
        else:
            found += letters
    return found


class _Sink:
    """What prompt_toolkit writes to; it has no descriptor, so nobody changes its blocking."""

    encoding = "utf-8"

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        self._terminal.write(text.replace("\r\n", "\n").replace("\n", "\r\n"))
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


class _Completions(Completer):
    def __init__(self, offers: Offers) -> None:
        self._offers = offers

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        line = document.text_before_cursor
        begun = 0 if line[-1:].isspace() else len(line.split()[-1]) if line.split() else 0
        for offer in self._offers(line):
            if offer.whole:
                quoted = f'"{offer.text}"' if " " in offer.text else offer.text
                yield Completion(quoted + " ", start_position=-begun, display=offer.text)


class Editor:
    """Asks for lines on one terminal."""

    def __init__(self, terminal: Terminal, screen: Screen) -> None:
        self._terminal = terminal
        self._screen = screen
        self._input = _Keys(terminal)
        self._commands: PromptSession[str] | None = None
        self._output = Vt100_Output(
            cast("TextIO", _Sink(terminal)),
            self._size,
            term="vt100",
            default_color_depth=ColorDepth.DEPTH_1_BIT,
            enable_bell=False,
            enable_cpr=False,
        )

    def measure(self) -> None:
        """Take the terminal's own size for the screen's, unless somebody has said another."""
        if self._terminal.measure is not None and not self._terminal.size_fixed:
            self._screen.width, self._screen.height = self._terminal.measure()

    def _size(self) -> Size:
        self.measure()
        return Size(rows=self._screen.height, columns=self._screen.width)

    def command(
        self,
        prompt: Callable[[], str],
        *,
        offers: Offers,
        help_at: Help,
        history: History,
        say: Callable[[str], None],
    ) -> str:
        """A command line, with completion, history and ``?``; the same of each for one history.

        Raises:
            KeyboardInterrupt: Ctrl-C.  EOFError: Ctrl-D on an empty line, or the terminal is gone.
        """
        if self._commands is None or self._commands.history is not history:
            keys = _bindings(say)
            _bind_help(keys, prompt, help_at, say)
            self._commands = PromptSession(
                history=history,
                completer=_Completions(offers),
                complete_style=CompleteStyle.READLINE_LIKE,
                **self._common(keys),
            )
        return self._commands.prompt(
            prompt,
            pre_run=lambda: _follow(prompt),
            set_exception_handler=False,
            handle_sigint=False,
        )

    def ask(self, prompt: str, *, hidden: bool = False) -> str:
        """A line without completion or history; of a hidden one stars alone are shown, unrecorded.

        Raises as ``command`` does.
        """
        session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(),
            is_password=hidden,
            **self._common(_bindings(lambda line: self._terminal.write(line + "\r\n"))),
        )
        with self._unrecorded() if hidden else nullcontext():
            return session.prompt(prompt, set_exception_handler=False, handle_sigint=False)

    def _common(self, keys: KeyBindings) -> dict[str, Any]:
        return {
            "input": self._input,
            "output": self._output,
            "key_bindings": keys,
            "complete_while_typing": False,
            "enable_suspend": False,
            "enable_system_prompt": False,
            "enable_open_in_editor": False,
            "mouse_support": False,
            "reserve_space_for_menu": 0,
            "color_depth": ColorDepth.DEPTH_1_BIT,
        }

    @contextmanager
    def _unrecorded(self) -> Generator[None]:
        recorder = self._terminal.recorder
        with recorder.muted() if recorder is not None else nullcontext():
            yield


def _follow(prompt: Callable[[], str]) -> None:
    """Show the prompt anew when it says something else; else nothing is sent."""
    app, shown = get_app(), prompt()

    async def look() -> None:
        nonlocal shown
        while True:
            await asyncio.sleep(REFRESH_S)
            if prompt() != shown:
                shown = prompt()
                app.invalidate()

    app.create_background_task(look())


def _bindings(say: Callable[[str], None]) -> KeyBindings:
    keys = KeyBindings()

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        text = event.data.removesuffix("\n")
        if any(len(line) > LINE_MAX for line in text.split("\n")):
            _drop(event, f"a pasted line is longer than {LINE_MAX} characters: nothing was taken")
        else:
            event.current_buffer.insert_text(text)

    @keys.add(TOO_LONG)
    def _too_long(event: KeyPressEvent) -> None:
        _drop(event, f"that line was longer than {LINE_MAX} characters: it was thrown away")

    @keys.add(PASTE_TOO_LONG)
    def _cut(event: KeyPressEvent) -> None:
        _drop(event, "that paste was too long, or was cut off: nothing was taken")

    def _drop(event: KeyPressEvent, why: str) -> None:
        event.current_buffer.reset()
        run_in_terminal(lambda: say(why))

    return keys


def _bind_help(
    keys: KeyBindings, prompt: Callable[[], str], help_at: Help, say: Callable[[str], None]
) -> None:
    @keys.add("?")
    def _help(event: KeyPressEvent) -> None:
        line = event.current_buffer.document.text_before_cursor
        if line.count('"') % 2:
            event.current_buffer.insert_text("?")
            return

        def shown() -> None:
            for one in (f"{prompt()}{line}?", *help_at(line)):
                say(one)

        run_in_terminal(shown)
