"""What a record says of its plate: votes, frames, the site's rule, the person's word, the signs."""

from __future__ import annotations

from pathlib import Path

import pytest
from lane_rig import lane_settings
from msgspec.structs import replace
from report_rig import passage

from board.profile import read_profile
from controller.core.images import FrameCounts, PlateRead, RecordIntent, WallTime, Weight
from controller.core.kinds import Decision, End, PlateStand, RecordKind, View
from controller.page import page
from controller.recognition.flags import flag_of
from controller.recorder import Evidence, to_record
from controller.recording.identity import identity_of
from controller.recording.plates import Picture
from controller.signbook import SignBook, signs_of
from protocol import parts
from protocol.record import Record, decode, encode, to_json

PLATE, TRAILER = "晋A12345", "晋B1234挂"
SHA = "ab" * 32


def read(text: str = PLATE, **about: object) -> PlateRead:
    base = PlateRead(
        end=End.YARD,
        text=text,
        char_ppm=(970_000,) * len(text),
        frames=9,
        agree=7,
        first_us=1_000,
        last_us=9_000,
        captured_us=4_000,
        track=3,
        picture_sha256=SHA,
        ptype="yellow1",
        ptype_ppm=930_000,
    )
    return replace(base, **about)


def record_of(**about: object) -> Record:
    intent = RecordIntent(
        kind=RecordKind.PASSAGE,
        passage_id=5,
        part=1,
        entry=End.YARD,
        started_us=0,
        decided_us=10_000,
        wall=WallTime(),
        reads=(read(), read(TRAILER, view=View.REAR, agree=4, hints=("paper_around: x",))),
        plate=PLATE,
        stand=PlateStand.AUTO,
        frames=(
            FrameCounts(
                passage_id=5, end=End.YARD, taken=12, read=9, late=1, flawed=(("blurred", 2),)
            ),
        ),
        weight=Weight(),
        decision=Decision.HOLD,
        reasons=("tested",),
    )
    identity = identity_of(read_profile("sim"))
    return to_record(
        replace(intent, **about), identity, Evidence(pictures=(Picture(sha256=bytes.fromhex(SHA)),))
    )


def test_every_voted_plate_stands_with_its_frames_and_its_picture() -> None:
    record = record_of()
    assert decode(encode(record)) == record
    tractor, trailer = record.plates
    assert (tractor.view, trailer.view) == (parts.View.FRONT, parts.View.REAR)
    assert (tractor.frames, tractor.agree, tractor.track) == (9, 7, 3)
    assert (tractor.first_us, tractor.captured_us, tractor.last_us) == (1_000, 4_000, 9_000)
    assert (tractor.ptype, tractor.ptype_ppm) == ("yellow1", 930_000)
    assert tractor.image_sha256 == bytes.fromhex(SHA)
    assert trailer.hints == ("paper_around: x",)


def test_the_rule_of_the_site_and_what_became_of_the_frames_stand_beside_the_plate() -> None:
    found = record_of().identification
    assert found is not None
    plates = read_profile("sim").plates
    assert (found.stand, found.policy) == (parts.Stand.AUTO, parts.Stand.AUTO)
    assert (found.auto_ppm, found.confirm_ppm) == (plates.auto_ppm, plates.confirm_ppm)
    assert found.agree_min == plates.agree_min == lane_settings().plate_agree_min
    (frames,) = found.frames
    assert (frames.taken, frames.read, frames.late) == (12, 9, 1)
    assert frames.flawed == (("blurred", 2),)


@pytest.mark.parametrize("kind", [RecordKind.PASSAGE, RecordKind.AMENDMENT])
def test_a_corrected_plate_keeps_both_texts_and_the_person(kind: RecordKind) -> None:
    record = record_of(
        kind=kind,
        refers_to=None if kind == RecordKind.PASSAGE else 1,
        plate="晋A12346",
        plate_by="operator 7",
        proposal=PLATE,
        stand=PlateStand.CORRECTED,
        who="operator 7",
        why="seen in the picture",
    )
    assert record.plate == "晋A12346"
    assert record.identification is not None
    assert record.identification.stand is parts.Stand.CORRECTED
    assert record.identification.read == PLATE
    assert record.person == parts.Person(who="operator 7", why="seen in the picture")
    if kind == RecordKind.AMENDMENT:
        assert record.amendment is not None
        assert (record.amendment.was, record.amendment.now) == (PLATE, "晋A12346")


def test_a_boom_moved_by_hand_has_no_plate_to_account_for() -> None:
    assert record_of(kind=RecordKind.MANUAL_MOVE, move=End.YARD).identification is None


def test_the_page_says_how_the_plate_came_about(tmp_path: Path) -> None:
    record = replace(record_of(stand=PlateStand.PROPOSED, plate="", proposal=PLATE), seq=0)
    text = page([record], tmp_path, title="tested")
    for said in (
        "待人工确认",
        "7 of 9 frames agree",
        "12 frames, 9 read, 2 blurred, 1 of another time",
        "by itself from 95 % in 2 frames, to be confirmed from 60 %",
        "paper_around: x",
    ):
        assert said in text


def seen(
    text: str, ptype: str, view: parts.View = parts.View.FRONT, **about: object
) -> parts.Plate:
    plate = parts.Plate(
        text=text,
        conf_ppm=(980_000,) * len(text),
        end=parts.End.YARD,
        valid=True,
        view=view,
        frames=6,
        agree=6,
        first_us=1,
        last_us=2,
        ptype=ptype,
        ptype_ppm=950_000,
    )
    return replace(plate, **about)


TRACTOR = seen(PLATE, "yellow1")
BLUE = seen("晋A12345", "blue1")


@pytest.mark.parametrize(
    ("plates", "sign"),
    [
        ((TRACTOR,), None),
        ((TRACTOR, seen(TRAILER, "yellow2", parts.View.REAR)), None),
        ((BLUE,), "small_plate_many_axles"),
        ((BLUE,), "small_plate_heavy"),
        ((seen("晋A12345", "blue1", agree=1),), None),
        ((TRACTOR, seen("晋C99887", "yellow1", parts.View.REAR)), "front_against_rear"),
        ((TRACTOR, seen("晋A12346", "yellow1", parts.View.REAR)), "front_almost_rear"),
        ((seen(TRAILER, "yellow2"), TRACTOR), "trailer_plate_in_front"),
        ((seen("晋AD12345", "yellow1"),), "colour_against_text"),
    ],
)
def test_signs_are_hints_of_one_record(plates: tuple[parts.Plate, ...], sign: str | None) -> None:
    if sign == "trailer_plate_in_front":
        plates = (plates[0], replace(plates[1], view=parts.View.REAR))
    found = [one.sign.value for one in signs_of(passage(3, plates=plates))]
    assert (sign in found) if sign else not found


def test_signs_say_what_was_measured_and_are_the_same_when_asked_again() -> None:
    book, record = SignBook(), passage(3, plates=(BLUE,))
    first = book.flags(record)
    assert "small_plate_many_axles: axles 6, limit 2" in first
    assert book.flags(record) == first
    assert all(len(flag_of(sign)) <= 64 for sign in signs_of(record))


def test_one_plate_on_two_vehicles_within_a_minute_is_a_sign() -> None:
    book, one = SignBook(), passage(3, plates=(TRACTOR,))
    assert book.flags(one) == ()
    soon = replace(
        one,
        passage_id=4,
        times=replace(one.times, started_us=one.times.at_us + 5_000_000,
                      at_us=one.times.at_us + 9_000_000),
    )  # fmt: skip
    assert [flag.split(":")[0] for flag in book.flags(soon)] == ["seen_too_soon"]
    later = replace(
        one,
        passage_id=6,
        times=replace(one.times, started_us=one.times.at_us + 90_000_000,
                      at_us=one.times.at_us + 95_000_000),
    )  # fmt: skip
    assert book.flags(later) == ()


def test_hints_of_the_pictures_are_flags_too() -> None:
    hinted = replace(TRACTOR, hints=("paper_around: fall 0.2, limit 0.06",))
    assert SignBook().flags(passage(3, plates=(hinted,))) == hinted.hints


def test_only_the_first_record_of_a_passage_is_asked() -> None:
    record = passage(3, kind=parts.Kind.AMENDMENT, refers_to=1, plates=(BLUE,))
    assert SignBook().flags(record) == ()
    assert "plates" in to_json(record)
