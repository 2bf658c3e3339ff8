"""The coprocessor's interlock over every input; every line, branch and mutant accounted for."""

from __future__ import annotations

import ast
import copy
import dis
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest
from firmware_rig import firmware
from interlock_table import (
    BLOCKED,
    CLEAR,
    LOWER,
    NOT_FITTED,
    Case,
    cases,
    lamp_verdict,
    position,
    verdict,
    worse,
)

from sim.hil.board import FIRMWARE

SOURCE = (FIRMWARE / "interlock.py").read_text(encoding="utf-8")
LAMP_CASES = tuple(product(range(-1, 17), range(5), range(4), (False, True)))
Rules = ModuleType | dict[str, Any]


@pytest.fixture(scope="module")
def table() -> list[tuple[Case, int]]:
    return [(case, verdict(case)) for case in cases()]


def test_every_input_gives_what_the_rules_say(table: list[tuple[Case, int]]) -> None:
    boom = firmware("interlock").boom
    assert len(table) == 51_200
    assert [case for case, wanted in table if boom(*case) != wanted] == []


def test_guards_positions_and_lamps_over_every_input() -> None:
    interlock = firmware("interlock")
    for pair in product(range(4), repeat=2):
        assert interlock.guard(*pair) == worse(*pair)
        assert interlock.position(*pair) == position(*pair)
    assert all(interlock.lamps(*case) == lamp_verdict(*case) for case in LAMP_CASES)


def test_no_boom_is_lowered_on_a_guard_that_is_not_clear() -> None:
    boom = firmware("interlock").boom
    lowered = [case for case in cases() if boom(*case) // 16 == LOWER]
    assert lowered
    for case in lowered:
        assert (case.wanted, case.under, case.settled, case.leased) == (LOWER, CLEAR, True, True)
        assert case.estop in (CLEAR, NOT_FITTED)
    assert not any(case.under == BLOCKED for case in lowered)


def test_every_line_and_branch_is_taken(table: list[tuple[Case, int]]) -> None:
    """A part of the table is enough to take each; every jump is seen taken and not taken."""
    interlock = firmware("interlock")
    codes = [f.__code__ for f in vars(interlock).values() if hasattr(f, "__code__")]
    assert len(codes) == 5
    taken = _Taken(codes)
    with taken:
        for case, _ in table[::23]:
            interlock.boom(*case)
        for pair in product(range(4), repeat=2):
            interlock.guard(*pair)
            interlock.position(*pair)
        for lamps in LAMP_CASES:
            interlock.lamps(*lamps)
    assert taken.lines_missed() == set()
    assert taken.branches_missed() == set()


def test_every_mutant_is_found(table: list[tuple[Case, int]]) -> None:
    """Each comparison, connective, constant and condition altered alone shows in the table."""
    order = sorted(table, key=lambda row: hash(row[0]) % 997)
    mutants = list(_mutants())
    assert len(mutants) > 100
    alive = [what for what, tree in mutants if not _found(tree, order)]
    assert alive == []


def _found(tree: ast.Module, table: list[tuple[Case, int]]) -> bool:
    rules: dict[str, Any] = {}
    exec(compile(tree, "mutant", "exec"), rules)
    return not _agrees(rules, table)


def _agrees(rules: dict[str, Any], table: list[tuple[Case, int]]) -> bool:
    """Whether these rules give what the table says; the reason names are the rules' own."""
    boom: Callable[..., int] = rules["boom"]
    pairs = list(product(range(4), repeat=2))
    return (
        all(rules["guard"](*pair) == worse(*pair) for pair in pairs)
        and all(rules["position"](*pair) == position(*pair) for pair in pairs)
        and all(rules["lamps"](*case) == lamp_verdict(*case) for case in LAMP_CASES)
        and all(boom(*case) == wanted for case, wanted in table)
    )


def _mutants() -> Iterator[tuple[str, ast.Module]]:
    tree = ast.parse(SOURCE)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for node in ast.walk(function):
            for number, _ in enumerate(_changes(node)):
                mutant = copy.deepcopy(tree)
                twin = _twin(tree, mutant, node)
                list(_changes(twin))[number]()
                line = getattr(node, "lineno", 0)
                yield f"{function.name} line {line} change {number}", mutant


def _twin(tree: ast.AST, mutant: ast.AST, node: ast.AST) -> ast.AST:
    return next(b for a, b in zip(ast.walk(tree), ast.walk(mutant), strict=True) if a is node)


LEVELS = ("UNKNOWN", "CLEAR", "BLOCKED", "NOT_FITTED")
PLACES = ("UNSURE", "CLOSED", "BETWEEN", "OPEN", "UNWATCHED")
COMMANDS = ("HOLD", "RAISE", "LOWER")


def _changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    """What can be altered at this node; each acts on the node it was made for."""
    if isinstance(node, ast.Compare):
        flipped = ast.NotEq() if isinstance(node.ops[0], ast.Eq) else ast.Eq()
        yield lambda: setattr(node, "ops", [flipped])
    elif isinstance(node, ast.BoolOp):
        swapped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield lambda: setattr(node, "op", swapped)
        neutral = ast.Constant(isinstance(node.op, ast.And), lineno=1, col_offset=0)
        for index in range(len(node.values)):
            yield lambda index=index: node.values.__setitem__(index, neutral)  # type: ignore[misc]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield lambda: setattr(node, "op", ast.UAdd())
    elif isinstance(node, ast.If):
        yield lambda: setattr(node, "test", ast.Constant(False, lineno=1, col_offset=0))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for family in (LEVELS, PLACES, COMMANDS):
            if node.id in family:
                for other in family:
                    if other != node.id:
                        yield lambda other=other: setattr(node, "id", other)  # type: ignore[misc]


class _Taken:
    """Which lines ran and which way each conditional jump went, by tracing the bytecode."""

    def __init__(self, codes: list[CodeType]) -> None:
        self._codes = set(codes)
        self._lines: set[tuple[CodeType, int]] = set()
        self._steps: set[tuple[CodeType, int, int]] = set()
        self._last: dict[int, int] = {}

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._trace)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code not in self._codes:
            return None
        frame.f_trace_opcodes = True
        if event == "line":
            self._lines.add((frame.f_code, frame.f_lineno))
        elif event == "opcode":
            last = self._last.get(id(frame))
            if last is not None:
                self._steps.add((frame.f_code, last, frame.f_lasti))
            self._last[id(frame)] = frame.f_lasti
        elif event == "return":
            self._last.pop(id(frame), None)
        return self._trace

    def lines_missed(self) -> set[tuple[str, int]]:
        wanted = {
            (code, line)
            for code in self._codes
            for _, _, line in code.co_lines()
            if line is not None and line > code.co_firstlineno
        }
        return {(code.co_name, line) for code, line in wanted - self._lines}

    def branches_missed(self) -> set[tuple[str, int | None, str]]:
        missed = set()
        for code in self._codes:
            for at, after in _jumps(code):
                gone = {to for c, start, to in self._steps if c is code and start == at.offset}
                for to, way in ((at.argval, "taken"), (after.offset, "not taken")):
                    if to not in gone:
                        missed.add((code.co_name, at.positions.lineno if at.positions else 0, way))
        return missed


def _jumps(code: CodeType) -> Iterator[tuple[dis.Instruction, dis.Instruction]]:
    steps = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
    for at, after in pairwise(steps):
        if "JUMP_IF" in at.opname or "JUMP_FORWARD_IF" in at.opname or "_IF_" in at.opname:
            yield at, after
