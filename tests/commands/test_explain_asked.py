"""What ``steelyard explain`` is asked for: arguments, the site's own words, where it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_rig import Morning, write_ledger
from explain_rig import explain, page_of
from ledger_rig import KEY
from report_rig import LANE, SITE, passage
from typer.testing import CliRunner

from controller.cli import app
from controller.explain.appeal import DEFAULT, AppealError, read_appeal
from protocol.custody import Media
from protocol.ledger import Ledger
from protocol.media import Blob, MediaStore


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("explained") / "lane")


def test_the_site_says_how_to_object(tmp_path: Path) -> None:
    own = Blob(kind="config", data='[appeal]\nzh = ["到三号窗口"]\nen = ["Window 3"]\n'.encode())
    record = passage(
        1,
        config_hash=own.sha256,
        media=(Media(kind="config", sha256=own.sha256, bytes=len(own.data)),),
    )
    folder = tmp_path / "lane"
    MediaStore(folder / "media").put((own,))
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(record)
    said = page_of(folder, 1).said
    assert "到三号窗口" in said
    assert "Window 3" in said
    assert DEFAULT.en[0] not in said
    other = tmp_path / "appeal.toml"
    other.write_text('[appeal]\nen = ["Call 12345"]\n', encoding="utf-8")
    said = page_of(folder, 1, "--appeal", other).said
    assert "Call 12345" in said
    assert "Window 3" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table"),
        ("[appeal]\n", "no table"),
        ("[appeal]\nzh = 3\n", "appeal"),
        ('[appeal]\nzn = ["x"]\n', "zn"),
        ("[appeal\n", "appeal"),
        ('[appeal]\nen = ["' + "x" * 501 + '"]\n', "500"),
    ],
)
def test_a_text_on_objecting_that_cannot_be_used(
    folder: Path, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "appeal.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AppealError, match=said):
        read_appeal(path)
    done, page = explain(folder, Morning.OVER, "--appeal", path)
    assert (done.exit_code, page) == (2, "")
    assert str(path) in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one by its number"),
        ((99,), "no record 99; it holds 1 to 13"),
        ((Morning.KEY,), "the ledger's own"),
        ((Morning.OVER, "--key", "none.pub"), "none.pub"),
        ((Morning.OVER, "--revoked", "none.toml"), "none.toml"),
        ((Morning.OVER, "--manifest", "none.cose"), "none.cose"),
        ((Morning.OVER, "--appeal", "none.toml"), "none.toml"),
    ],
)
def test_bad_input_is_said_and_no_page_is_written(
    folder: Path, words: tuple[object, ...], said: str
) -> None:
    done, page = explain(folder, *words)
    assert (done.exit_code, page) == (2, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr


def test_a_page_never_takes_the_place_of_another_unasked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    out.write_text("mine")
    base = ["explain", str(folder), "2", "-o", str(out)]
    done = CliRunner().invoke(app, base)
    assert (done.exit_code, out.read_text()) == (2, "mine")
    assert "--force" in done.stderr
    assert CliRunner().invoke(app, [*base, "--force"]).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [out]
