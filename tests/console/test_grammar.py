"""The console's language: cut words, quotes, completion, help, and errors that help."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.console.answer import Answer, CommandError
from controller.console.context import Context, Person
from controller.console.execute import execute
from controller.console.grammar import Argument, Command, Grammar
from controller.console.link import LaneLink
from controller.console.roles import Role


def done(ctx: Context, arguments: dict[str, str]) -> Answer:
    return Answer(data=dict(arguments))


class Nobody:
    def tell(self, line: str) -> None:
        raise AssertionError(line)

    def ask(self, prompt: str) -> str:
        raise CommandError("nobody is there")


def command(words: str, *arguments: Argument, role: Role = Role.VIEWER) -> Command:
    return Command(
        words=words, help_en=f"Do {words}.", help_zh="做", run=done, arguments=arguments, role=role
    )


END = Argument(
    name="end", help_en="which end", help_zh="哪端", choices=lambda ctx: ("yard", "road"), only=True
)
WHY = Argument(name="reason", help_en="why", help_zh="原因", rest=True)
GRAMMAR = Grammar(
    (
        command("show scale"),
        command("show lane"),
        command("show config"),
        command("show config diff"),
        command("set", Argument(name="key", help_en="", help_zh=""), WHY, role=Role.MAINTAINER),
        command("gate raise", END, WHY, role=Role.MAINTAINER),
        command("gate lower", END, WHY, role=Role.MAINTAINER),
        command("commit", Argument(name="how", help_en="", help_zh="", optional=True)),
    )
)


def context(tmp_path: Path = Path("/nonexistent"), role: Role = Role.ADMIN) -> Context:
    return Context(Person("li", role), LaneLink(tmp_path), tmp_path, Nobody())


@pytest.mark.parametrize(
    ("line", "words", "arguments"),
    [
        ("show scale", "show scale", {}),
        ("sh sc", "show scale", {}),
        ("  SHOW   Scale ", "show scale", {}),
        ("show config", "show config", {}),
        ("sh c d", "show config diff", {}),
        ("commit", "commit", {}),
        ("commit 10", "commit", {"how": "10"}),
        ("gate raise y beam was dirty", "gate raise", {"end": "yard", "reason": "beam was dirty"}),
        ('g r road "said \\"so\\""', "gate raise", {"end": "road", "reason": 'said "so"'}),
        ('set a.b "3 s"', "set", {"key": "a.b", "reason": "3 s"}),
        ("set a.b  3  s ", "set", {"key": "a.b", "reason": "3  s"}),
    ],
)
def test_a_line_is_understood(line: str, words: str, arguments: dict[str, str]) -> None:
    found, given_ = GRAMMAR.parse(line, context())
    assert (found.words, given_) == (words, arguments)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "nothing was asked"),
        ("show", "goes on with: config, lane, scale"),
        ("shwo scale", "did you mean show?"),
        ("show scael", "did you mean scale?"),
        ("show scale now", "'now' is too much: show scale"),
        ("gate", "gate … goes on with: lower, raise"),
        ("gate raise", "end is missing: gate raise END REASON…"),
        ("gate raise left x", "no end 'left'; there is: road, yard"),
        ("gate raise yard", "reason is missing"),
        ('set a "b', "a quote"),
        ("zzz", "there is: commit, gate, set, show"),
        ("\x1b[2J", "no command '?[2J'"),
        ("gate raise yard " + "x" * 2_000, "nothing of it was done"),
    ],
)
def test_an_error_says_what_to_do(line: str, said: str) -> None:
    with pytest.raises(CommandError) as error:
        GRAMMAR.parse(line, context())
    assert said in str(error.value)


def offered(line: str, role: Role = Role.ADMIN) -> list[str]:
    return [one.text for one in GRAMMAR.complete(line, context(role=role))]


def test_completion_offers_what_may_come_next_and_only_what_one_may_do() -> None:
    assert offered("") == ["commit", "gate", "set", "show"]
    assert offered("", Role.VIEWER) == ["commit", "show"]
    assert offered("sh") == ["show"]
    assert offered("show ") == ["config", "lane", "scale"]
    assert offered("gate raise ") == ["yard", "road"]
    assert offered("gate raise y") == ["yard"]
    assert offered("gate raise yard ") == ["REASON…"]
    assert offered('gate raise yard "x') == []


def test_a_question_mark_shows_ways_to_go_on_or_the_command() -> None:
    assert any(line.split() == ["scale", "Do", "show", "scale."] for line in
               GRAMMAR.help_at("show ", context()))  # fmt: skip
    assert GRAMMAR.help_at("show scale ", context()) == ["show scale   Do show scale."]


def test_who_may_not_is_told_which_role_is_needed() -> None:
    with pytest.raises(CommandError, match="needs the role maintainer; li is operator"):
        execute(GRAMMAR, "gate raise yard x", context(role=Role.OPERATOR))


@given(line=st.text(max_size=60))
def test_whatever_is_typed_is_a_command_or_an_error_that_can_be_shown(line: str) -> None:
    said = ""
    try:
        GRAMMAR.parse(line, context())
    except CommandError as error:
        said = str(error)
    assert said.isprintable()
    GRAMMAR.complete(line, context())
    for shown in GRAMMAR.help_at(line, context()):
        assert shown.isprintable()
