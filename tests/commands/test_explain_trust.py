"""The driver's page says how far to believe it: what does not verify is not presented."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from bundle_rig import NEXT_KEY, RULES, Morning, around, flip, replaced, write_ledger
from explain_rig import explain, page_of
from hypothesis import HealthCheck, Phase, given, settings
from ledger_rig import KEY, records
from msgspec.structs import replace
from page_outline import Outline
from report_rig import HOSTILE
from typer.testing import Result

from controller.explain.appeal import DEFAULT
from controller.explain.dossier import Check, Dossier, Sheet
from controller.explain.held import HeldPictures
from controller.explain.page import explain_page
from controller.report.passages import Passage
from protocol.chain import Finding
from protocol.keys import PublicKey, write_public
from protocol.record import Record


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("explained") / "lane")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A ledger that a test may spoil."""
    return write_ledger(tmp_path / "lane")


def assert_refused(done: Result, page: str, *codes: str) -> None:
    """No figure of the record, no curve, no picture, no verdict; the refusal first and last."""
    assert done.exit_code == 1
    outline = Outline(page)
    said = outline.said
    assert said.startswith("✘ 未通过验证NOT VERIFIED")
    assert said.endswith("✘ 未通过验证NOT VERIFIED")
    assert "svg" not in outline.tags
    assert "img" not in outline.tags
    assert 'class="verdict' not in page
    assert "VERIFIED" not in said.replace("NOT VERIFIED", "")
    for figure in ("54.32", "54 320", "54\u202f320", "49 000", "晋C88K21", "晋C·88K21"):
        assert figure not in said
    for mass in ("54.32", "54\u202f320", "49\u202f000"):
        assert mass not in page
    assert "before rounding" not in said
    for code in codes:
        assert f"{code}:" in said
        assert code in done.stderr
    assert "未通过验证" in page[: page.index("</title>")]


def test_an_altered_record_is_not_presented_as_valid(own: Path) -> None:
    replaced(own, Morning.OVER, flip)
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page, "signature")
    done, page = explain(own, Morning.OVER, "--json")
    assert json.loads(done.stdout)["state"] == "failed"


def test_a_record_that_cannot_be_read_is_not_presented(own: Path) -> None:
    replaced(own, Morning.OVER, lambda body: flip(body, 84))
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page)


def test_a_record_whose_picture_was_altered_is_not_presented(own: Path) -> None:
    (own / "media" / RULES.name).write_bytes(b"other rules")
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page, "media_damaged")


def test_a_key_that_is_not_the_one_given_is_not_presented(folder: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "other.pub"
    write_public(stranger, PublicKey(bytes.fromhex(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )))  # fmt: skip
    done, page = explain(folder, Morning.OVER, "--key", stranger)
    assert_refused(done, page, "key")
    right = tmp_path / "lane.pub"
    write_public(right, KEY.public)
    said = page_of(folder, Morning.OVER, "--key", right).said
    assert "KEY NOT COMPARED" not in said
    assert "compared with one given from outside, and is the same" in said


def test_a_later_key_vouches_for_what_it_sealed(folder: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.pub"
    write_public(later, NEXT_KEY.public)
    said = page_of(folder, Morning.VOID, "--key", later).said
    assert "KEY NOT COMPARED" not in said
    assert said.startswith("◆")
    done, page = explain(folder, Morning.OVER, "--key", later)
    assert_refused(done, page, "key")


def test_a_ledger_that_names_itself_wrongly_proves_no_record(own: Path) -> None:
    around(own, "UPDATE identity SET genesis = zeroblob(32)", guards=("identity_update",))
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page, "identity")


def test_a_fault_elsewhere_is_said_and_the_record_shown(own: Path) -> None:
    replaced(own, Morning.TARE, flip)
    done, page = explain(own, Morning.OVER)
    said = Outline(page).said
    assert done.exit_code == 0
    assert said.startswith("◆ 本记录签名有效，但来源中另有问题")
    assert "THIS RECORD'S SEAL HOLDS, BUT ITS SOURCE IS NOT WHOLE" in said
    assert f"record {Morning.TARE}：" in said
    assert "is whole" not in said.replace("IS NOT WHOLE", "")
    assert "13 records hold" not in said
    assert "signature" in done.stderr


def test_the_tare_that_a_net_weight_relies_on_counts_as_its_own(own: Path) -> None:
    replaced(own, Morning.TARE, flip)
    done, page = explain(own, Morning.NET)
    assert done.exit_code == 1
    assert "NOT VERIFIED" in page


def drawn_page(record: Record, *, failed: bool) -> str:
    """The page of any record that may be written, as if it had been found sound, or not."""
    finding = Finding(code="signature", seq=6, message=HOSTILE)
    check = Check(
        source="ledger.sqlite",
        whole=True,
        at=datetime.datetime(2026, 11, 22, 8, tzinfo=datetime.UTC),
        records=1,
        fingerprint="0000",
        anchored=True,
        concerning=(finding,) if failed else (),
    )
    return explain_page(
        Dossier(
            asked=6,
            passage=Passage(head=record),
            sheets=(Sheet(record, b"\0" * 32),),
            pictures=HeldPictures({}),
            check=check,
            appeal=DEFAULT,
            chain=(Passage(head=record), Passage(head=record)),
            tare=record,
            titles={},
        )
    )


@settings(
    derandomize=True,
    max_examples=25,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(records())
def test_any_record_makes_a_page_that_says_how_far_to_believe_it(record: Record) -> None:
    placed = replace(record, seq=6, prev_hash=b"\0" * 32)
    page = drawn_page(placed, failed=False)
    outline = Outline(page.replace(' id="r6"', ""))
    assert "script" not in outline.tags
    assert "NOT VERIFIED" not in outline.said
    refused = Outline(drawn_page(placed, failed=True))
    assert refused.said.startswith("✘ 未通过验证NOT VERIFIED")
    assert not {"svg", "img", "script"} & set(refused.tags)
