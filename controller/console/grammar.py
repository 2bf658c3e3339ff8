"""The console's language: commands as a table, words that may be cut short, help at every point.

A line is words with spaces between them; "quotes" hold spaces together and a backslash inside them
takes the next letter as it is.  Words of a command may be cut short as far as they stay unique.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.lines import broken, padded, places, room
from controller.console.roles import Role

if TYPE_CHECKING:
    from controller.console.context import Context

LINE_MAX = 2_000
HINT_CUTOFF = 0.6
TYPED = "typed"
"""Under this name ``Context.kept`` has the arguments before the one that completion offers."""
Handler = Callable[["Context", dict[str, str]], "Answer | Iterator[Answer]"]
Choices = Callable[["Context"], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument: ``choices`` are what completion offers and, where ``only``, all there may be.

    A ``rest`` takes all that is left of the line as one text, a reason for instance.
    """

    name: str
    help_en: str
    help_zh: str
    choices: Choices | None = None
    only: bool = False
    optional: bool = False
    rest: bool = False

    @property
    def shown(self) -> str:
        """As help writes it."""
        name = self.name.upper() + ("…" if self.rest else "")
        return f"[{name}]" if self.optional else name


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its words, what it takes, who may give it, and what it does.

    ``live_s`` is how often a terminal shows it again in place.  ``manual`` is done only while the
    lane is by hand, ``armed`` only behind an ``arm``.  ``name`` and ``words`` are the same thing.
    """

    words: str
    help_en: str
    help_zh: str
    run: Handler
    role: Role = Role.VIEWER
    arguments: tuple[Argument, ...] = ()
    live_s: float | None = None
    manual: bool = False
    armed: bool = False

    @property
    def usage(self) -> str:
        """The whole command as help writes it."""
        return " ".join([self.words, *(one.shown for one in self.arguments)])

    def help_in(self, language: str) -> str:
        """What it does, in one of the two languages."""
        return self.help_zh if language == "zh" else self.help_en


@dataclass(frozen=True)
class Offer:
    """One way to go on: what to type, what it is; ``whole`` ends a word."""

    text: str
    help: str
    whole: bool = True


@dataclass
class _Typed:
    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    open_quote: bool = False
    ends_open: bool = False


class Grammar:
    """All commands; parses, completes and explains lines of them."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = tuple(sorted(commands, key=lambda one: one.words))
        names = [one.words for one in self.commands]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"commands that are there twice: {', '.join(twice)}")

    def parse(self, line: str, ctx: Context) -> tuple[Command, dict[str, str]]:
        """The command of a line and its arguments by name.

        Raises:
            CommandError: no such command, or arguments that are missing, too many or unknown.
        """
        if len(line) > LINE_MAX:
            raise CommandError(f"a line of more than {LINE_MAX} characters: nothing of it was done")
        typed = _split(line)
        if typed.open_quote:
            raise CommandError('a quote " is open: close it')
        command, used = self._command(typed.words)
        return command, self._arguments(command, line, typed, used, ctx)

    def command_of(self, line: str) -> Command:
        """The command that a line begins with, its arguments unread.  Raises CommandError."""
        return self._command(_split(line).words)[0]

    def complete(self, line: str, ctx: Context) -> list[Offer]:
        """How the last word of a line may go on or, behind a space, the next one."""
        typed = _split(line)
        if typed.open_quote:
            return []
        before = typed.words[:-1] if typed.ends_open else typed.words
        begun = typed.words[-1] if typed.ends_open and typed.words else ""
        return [one for one in self._next(before, ctx) if one.text.startswith(begun.lower())]

    def help_at(self, line: str, ctx: Context) -> list[str]:
        """What ``?`` shows behind this much of a line: a way to go on a line."""
        offers = self.complete(line, ctx)
        if not offers:
            typed = _split(line)
            try:
                command, _ = self._command(typed.words)
            except CommandError as error:
                return [str(error)]
            return [f"{command.usage}   {command.help_in(ctx.screen.language)}"]
        width = max(places(one.text) for one in offers)
        rows = []
        for one in offers:
            label = one.text
            for row in broken(one.help, max(8, room(ctx) - width - 4)):
                rows.append(f"  {padded(label, width)}  {row}".rstrip())
                label = ""
        return rows

    def _command(self, words: Sequence[str]) -> tuple[Command, int]:
        """The command that a line begins with, and how many of its words that took."""
        if not words:
            raise CommandError("nothing was asked; ? shows what can be")
        left = list(self.commands)
        for depth, word in enumerate(words):
            fitting = [one for one in left if _at(one, depth).startswith(word.lower())]
            exact = [one for one in fitting if _at(one, depth) == word.lower()]
            if not fitting:
                done = [one for one in left if len(one.words.split()) == depth]
                if done:
                    return done[0], depth
                raise CommandError(_unknown(words[: depth + 1], [_at(one, depth) for one in left]))
            left = exact or fitting
            if len({_at(one, depth) for one in left}) > 1:
                ways = ", ".join(sorted({_at(one, depth) for one in left}))
                raise CommandError(f"'{printable(word)}' may be {ways}: type more of it")
        depth = len(words)
        done = [one for one in left if len(one.words.split()) == depth]
        if not done:
            ways = ", ".join(sorted({_at(one, depth) for one in left}))
            raise CommandError(f"{left[0].words.rsplit(' ', 1)[0]} … goes on with: {ways}")
        return done[0], depth

    def _arguments(
        self, command: Command, line: str, typed: _Typed, used: int, ctx: Context
    ) -> dict[str, str]:
        given, found = typed.words[used:], dict[str, str]()
        for place, argument in enumerate(command.arguments):
            if place >= len(given):
                if argument.optional:
                    break
                raise CommandError(f"{argument.name} is missing: {command.usage}")
            if argument.rest:
                found[argument.name] = _rest(line, typed, used + place)
                return found
            found[argument.name] = _chosen(argument, given[place], ctx)
        if len(given) > len(command.arguments):
            more = printable(given[len(command.arguments)])
            raise CommandError(f"'{more}' is too much: {command.usage}")
        return found

    def _next(self, before: Sequence[str], ctx: Context) -> list[Offer]:
        """What may come behind these whole words."""
        language = ctx.screen.language
        allowed = [one for one in self.commands if one.role <= ctx.account.role]
        left, found = _narrowed(allowed, before), list[Offer]()
        nexts: dict[str, list[Command]] = {}
        for one in left:
            if _at(one, len(before)):
                nexts.setdefault(_at(one, len(before)), []).append(one)
        for word, ways in nexts.items():
            ends = [one for one in ways if len(one.words.split()) == len(before) + 1]
            about = ends[0].help_in(language) if ends else " · ".join(_endings(ways, before))
            found.append(Offer(word, about))
        try:
            command, used = Grammar(allowed)._command(before) if before else (None, 0)
        except CommandError:
            command, used = None, 0
        place = len(before) - used
        if command is not None and place < len(command.arguments):
            ctx.kept[TYPED] = tuple(before[used:])
            found += _offers(command.arguments[place], ctx)
        return found


def _narrowed(commands: Sequence[Command], before: Sequence[str]) -> list[Command]:
    left = list(commands)
    for depth, word in enumerate(before):
        fitting = [one for one in left if _at(one, depth).startswith(word.lower())]
        exact = [one for one in fitting if _at(one, depth) == word.lower()]
        left = exact or fitting
    return left


def _endings(ways: Sequence[Command], before: Sequence[str]) -> list[str]:
    return sorted({_at(one, len(before) + 1) for one in ways} - {""})


def _offers(argument: Argument, ctx: Context) -> list[Offer]:
    about = argument.help_zh if ctx.screen.language == "zh" else argument.help_en
    if argument.choices is None:
        return [Offer(argument.shown, about, whole=False)]
    return [Offer(text, about) for text in argument.choices(ctx)]


def _chosen(argument: Argument, word: str, ctx: Context) -> str:
    if argument.choices is None or not argument.only:
        return word
    known = list(argument.choices(ctx))
    fitting = [one for one in known if one.lower().startswith(word.lower())]
    exact = [one for one in known if one.lower() == word.lower()]
    if len(exact or fitting) == 1:
        return (exact or fitting)[0]
    if fitting:
        raise CommandError(f"'{printable(word)}' may be {', '.join(fitting)}: type more of it")
    raise CommandError(_unknown([word], known, argument.name))


def _unknown(words: Sequence[str], known: Sequence[str], what: str = "command") -> str:
    word = words[-1]
    close = difflib.get_close_matches(word.lower(), sorted(set(known)), 1, HINT_CUTOFF)
    hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(sorted(set(known)))}"
    return f"no {what} '{printable(' '.join(words), 60)}'; {hint}"


def _at(command: Command, depth: int) -> str:
    words = command.words.split()
    return words[depth] if depth < len(words) else ""


def _rest(line: str, typed: _Typed, place: int) -> str:
    """All from this word on; quotes round the whole of it are taken off."""
    if place == len(typed.words) - 1:
        return typed.words[place]
    return line[typed.starts[place] :].strip()


def _split(line: str) -> _Typed:
    """The words of a line and where they begin; ``ends_open`` is a word that may go on."""
    found, word, quoted, taken = _Typed(), list[str](), False, False
    escaped = False
    for place, letter in enumerate(line[:LINE_MAX]):
        if escaped:
            word.append(letter)
            escaped = False
        elif quoted and letter == "\\":
            escaped = True
        elif letter == '"':
            if not taken:
                found.starts.append(place)
            quoted, taken = not quoted, True
        elif letter.isspace() and not quoted:
            if taken:
                found.words.append("".join(word))
            word, taken = [], False
        else:
            if not taken:
                found.starts.append(place)
            word.append(letter)
            taken = True
    found.open_quote, found.ends_open = quoted or escaped, taken
    if taken:
        found.words.append("".join(word))
    return found
