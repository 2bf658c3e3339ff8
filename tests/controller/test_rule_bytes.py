"""The bytes of every rule table stand beside the book that was made of them."""

from __future__ import annotations

from pathlib import Path

from controller.rulebook import RULES_DIR, load_rulebook, read_rules

LOCAL = """
series = "gross-table"
id = "yard-2027"
version = 3
effective = 2027-01-01
title = "a local table"

[[gross]]
id = "2-axle"
clause = "local"
tag = "C"
kind = "truck"
axles = 2
limit_kg = 17000
"""


def test_every_table_of_the_book_is_there_with_its_bytes(tmp_path: Path) -> None:
    local = tmp_path / "local.toml"
    local.write_text(LOCAL, encoding="utf-8")
    rules = read_rules([local])
    named = {name for period in rules.book.periods for name in period.versions}
    assert named | {rules.overload} == set(rules.tables)
    assert rules.tables["yard-2027@3"] == LOCAL.encode()
    shipped = {path.read_bytes() for path in RULES_DIR.glob("*.toml")}
    assert set(rules.tables.values()) == {*shipped, LOCAL.encode()}


def test_the_overload_clause_comes_from_the_table_that_is_named() -> None:
    rules = read_rules()
    assert rules.book == load_rulebook()
    assert rules.book.overload_clause.encode() in rules.tables[rules.overload]


def test_every_rule_knows_the_tables_that_state_it(tmp_path: Path) -> None:
    local = tmp_path / "local.toml"
    local.write_text(LOCAL, encoding="utf-8")
    rules = read_rules([local])
    assert rules.owners["2-axle"] == ("yard-2027@3",)
    for period in rules.book.periods:
        for row in period.rows:
            assert set(rules.owners[row.id]) & set(period.versions), row.id
