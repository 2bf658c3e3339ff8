"""Every check in protocol/chain.py is needed: with any of them broken some vector fails.

Each condition is forced both ways, each comparison turned, each part of an ``and`` or ``or`` left
out, each statement dropped, one at a time.  What is spared says why.
"""

from __future__ import annotations

import ast
import functools
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import protocol.chain
from protocol.keys import PublicKey
from protocol.record import Record, decode
from protocol.seal import Sealed, unseal
from protocol.vectors.book import LANE, SITE, Vector
from protocol.vectors.make import vectors

SOURCE = Path(protocol.chain.__file__).read_text(encoding="utf-8")
VECTORS = list(vectors())
MUTANTS_MIN = 200
MUTATED = types.ModuleType("mutated")
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip

WORDS = "the words of a message"
TESTED = "tested in test_chain.py, which needs no vector"
FIRST = "a value that nobody asks for before the first row"
SPARED = {
    "kid in self._used": WORDS,
    "self._own": WORDS,
    "first == last": WORDS,
    "isinstance(value, bytes)": WORDS,
    "len(self._used) < KEYS_MAX": TESTED,
    "self.sound = False": TESTED,
    "self._next_row = max(self._next_row, seq)": TESTED,
    "self.hash = b''": FIRST,
    "self.sound = True": FIRST,
}


class _Mutation(ast.NodeTransformer):
    """Changes the place with this number; ``what`` stays empty where there is none."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.what = ""
        self.where = ""

    def _here(self, where: ast.AST, what: str) -> bool:
        self.left -= 1
        if self.left == -1:
            self.where, self.what = ast.unparse(where), what
        return self.left == -1

    def _forced(self, node: ast.If | ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        for value in (True, False):
            if self._here(node.test, f"is always {value}"):
                node.test = ast.Constant(value)
        return node

    visit_If = visit_IfExp = _forced  # noqa: N815

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        for at, value in enumerate(node.values):
            if self._here(node, f"leaves out {ast.unparse(value)}"):
                rest = node.values[:at] + node.values[at + 1 :]
                return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        for at, compared in enumerate(node.ops):
            if self._here(node, f"turns comparison {at + 1}"):
                node.ops[at] = _TURNED[type(compared)]()
        return node

    def _dropped(self, node: ast.stmt) -> ast.AST:
        self.generic_visit(node)
        return ast.Pass() if self._here(node, "is dropped") else node

    visit_Assign = visit_AugAssign = _dropped  # noqa: N815

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node if isinstance(node.value, ast.Constant) else self._dropped(node)


def _mutants() -> Iterator[tuple[str, str, ast.Module]]:
    number = 0
    while True:
        mutation = _Mutation(number)
        tree = mutation.visit(ast.parse(SOURCE))
        if not mutation.what:
            return
        yield mutation.where, mutation.what, ast.fix_missing_locations(tree)
        number += 1


_decode = functools.cache(decode)
_unseal = functools.cache(unseal)


def _found(module: types.ModuleType, vector: Vector) -> list[tuple[str, int]] | Exception:
    try:
        chain = module.Chain(SITE, LANE, vector.key, revoked=vector.revoked)
        return [
            (finding.code, finding.seq)
            for seq, sealed in vector.rows
            for finding in chain.take(seq, sealed)
        ]
    except (AttributeError, NameError, TypeError, ValueError, AssertionError, KeyError) as error:
        return error


def _survives(tree: ast.Module) -> bool:
    module = MUTATED
    vars(module).clear()
    vars(module)["__name__"] = "mutated"
    try:
        exec(compile(tree, "mutated", "exec"), module.__dict__)
    except (NameError, TypeError):
        return False
    # The same payloads come back hundreds of times; only what is mutated has to run anew.
    vars(module).update(decode=_cached_decode, unseal=_cached_unseal)
    return all(_found(module, vector) == list(vector.findings) for vector in VECTORS)


def _cached_decode(payload: bytes) -> Record:
    return _decode(payload)


def _cached_unseal(sealed: bytes) -> Sealed:
    return _unseal(sealed)


def test_every_check_of_the_chain_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PublicKey, "verify", functools.cache(PublicKey.verify))
    # msgspec looks the types of a struct up in its module.
    monkeypatch.setitem(sys.modules, "mutated", MUTATED)
    every = list(_mutants())
    survived = {where: what for where, what, tree in every if _survives(tree)}
    assert len(every) >= MUTANTS_MIN
    assert {where: what for where, what in survived.items() if where not in SPARED} == {}
    assert sorted(SPARED.keys() - survived.keys()) == [], "spared without need"
