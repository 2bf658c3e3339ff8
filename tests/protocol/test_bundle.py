"""Bundles: whole and deterministic, checked alone, and every tampering named."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_rig import CONFIG, NEXT_KEY, RULES, THIEF, Morning, bundle_of, packed, write_ledger
from ledger_rig import KEY
from msgspec.structs import replace

from protocol import archive, kinship
from protocol.archive import ArchiveError
from protocol.bundle import INDEX, Bundle, BundleError, Fault, pack, read_bundle, unpack
from protocol.bundlecheck import BundleReport, check_bundle
from protocol.custody import Retention
from protocol.envelope import opened
from protocol.errors import LedgerError
from protocol.gather import gather, with_media
from protocol.keys import PrivateKey, public_pem
from protocol.ledger import Ledger
from protocol.media import MediaStore
from protocol.outside import OutsideError, against_bundle, against_ledger, read_kept
from protocol.parts import Kind, Times
from protocol.record import Record, encode, to_json
from protocol.revocation import Revocation
from protocol.seal import seal

Found = set[tuple[str, int | None]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("lane"))


@pytest.fixture(scope="module")
def whole(folder: Path) -> Bundle:
    return bundle_of(folder, Morning.FIRST)


def checked(data: bytes) -> tuple[Found, BundleReport]:
    taken = unpack(data)
    report = check_bundle(taken.bundle)
    return {(f.code, f.seq) for f in (*taken.findings, *report.findings)}, report


def found_in(bundle: Bundle) -> Found:
    """What a bundle is found guilty of that somebody packed again in its proper form."""
    return checked(pack(bundle))[0]


def with_entry(bundle: Bundle, name: str, change: Callable[[bytes], bytes | None]) -> Found:
    """The same for one entry changed, or left out, and nothing else made to fit."""
    entries = archive.unpack(pack(bundle))[0]
    data = change(entries.pop(name, b""))
    return checked(archive.pack(entries if data is None else {**entries, name: data}))[0]


def with_record(
    bundle: Bundle, seq: int, change: Callable[[Record], Record], key: PrivateKey
) -> Bundle:
    """The bundle with one record altered and sealed again by ``key``."""
    altered = seal(encode(change(opened(bundle.bodies[seq]))), key)
    return replace(bundle, bodies={**bundle.bodies, seq: altered})


def without(bundle: Bundle, seq: int) -> Bundle:
    return replace(bundle, bodies={n: b for n, b in bundle.bodies.items() if n != seq})


def heavier(record: Record) -> Record:
    assert record.weighing is not None
    return replace(record, weighing=replace(record.weighing, gross_g=1))


def flip(data: bytes, at: int = -70) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def test_a_bundle_holds_and_says_what_it_cannot_show(whole: Bundle) -> None:
    findings, report = checked(pack(whole))
    assert findings == set()
    assert (report.seq, report.media, report.manifests) == (Morning.FIRST, 3, 1)
    assert report.sealed == report.records == len(whole.bodies)
    assert (report.key, report.anchored) == (KEY.public, False)
    assert any("no other record" in note for note in report.notes)
    assert {CONFIG.name, RULES.name} < whole.media.keys()


def test_two_exports_are_equal_and_read_back(folder: Path) -> None:
    first = packed(folder, Morning.LAST, chain=True)
    assert first == packed(folder, Morning.LAST, chain=True)
    assert pack(unpack(first).bundle) == first


@pytest.mark.parametrize("chain", [False, True])
def test_every_record_of_a_passage_can_be_exported(folder: Path, chain: bool) -> None:
    own = {Morning.KEY, Morning.MANIFEST}
    for seq in sorted(set(range(1, Morning.AMENDED + 1)) - own):
        bundle = bundle_of(folder, seq, chain=chain)
        assert found_in(bundle) == set()
        assert seq in kinship.passage_of(bundle.records, bundle.seq)
    for seq in own:
        with pytest.raises(BundleError, match="the ledger's own"):
            bundle_of(folder, seq, chain=chain)


@pytest.mark.parametrize(
    ("asked", "head", "chain", "others"),
    [
        (Morning.RELEASE, Morning.HELD, False, {Morning.RELEASE}),
        (Morning.AMENDED, Morning.OPEN, False, {Morning.AMENDED}),
        (Morning.NET, Morning.NET, False, {Morning.TARE}),
        (Morning.LAST, Morning.LAST, False, set()),
        (Morning.LAST, Morning.LAST, True, {Morning.OVER, Morning.AGAIN}),
        (Morning.OVER, Morning.OVER, True, {Morning.AGAIN, Morning.LAST}),
    ],
)
def test_what_belongs_to_a_passage_is_in_its_bundle(
    folder: Path, asked: int, head: int, chain: bool, others: set[int]
) -> None:
    bundle = bundle_of(folder, asked, chain=chain)
    passages = {n for n, record in bundle.records.items() if record.passage_id}
    assert (bundle.seq, passages) == (head, {head, *others})
    assert Morning.KEY in bundle.bodies or max(bundle.bodies) < Morning.KEY


def test_records_belong_together_by_reference_and_by_passage(folder: Path) -> None:
    records = bundle_of(folder, Morning.LAST, chain=True).records
    first = records[Morning.OVER]
    other = replace(first, seq=90, passage_id=77, reweigh=None, refers_to=Morning.OVER)
    third = replace(other, seq=91, refers_to=None)
    found = {**records, 90: other, 91: third}
    for seq in (Morning.OVER, 90, 91):
        assert kinship.passage_of(found, seq) == (Morning.OVER, 90, 91)
    assert kinship.chain_of(found, Morning.LAST) == (Morning.OVER, Morning.AGAIN, Morning.LAST)
    assert kinship.token_of(found, Morning.LAST) == Morning.OVER
    assert kinship.passage_of(found, Morning.KEY) == (Morning.KEY,)
    assert kinship.passage_of(found, 99) == (99,)


def test_the_readable_view_is_the_record(whole: Bundle) -> None:
    entries = archive.unpack(pack(whole))[0]
    assert json.loads(entries["record.json"]) == to_json(opened(whole.bodies[whole.seq]))
    index = json.loads(entries[INDEX])
    assert {file["name"] for file in index["files"]} == entries.keys() - {INDEX}
    assert entries["lane.pub"] == public_pem(KEY.public)
    assert entries[f"keys/{Morning.KEY:010d}.pub"] == public_pem(NEXT_KEY.public)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(
    ("seq", "key"), [(Morning.FIRST, "lane.pub"), (Morning.LAST, f"keys/{Morning.KEY:010d}.pub")]
)
def test_the_readme_checks_a_record_without_this_program(
    folder: Path, tmp_path: Path, seq: int, key: str
) -> None:
    for name, data in archive.unpack(packed(folder, seq))[0].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    text = (tmp_path / "README.txt").read_text(encoding="utf-8")
    script = text[text.index("    { printf") : text.index("records/ 中")]
    assert _shell(script.replace("lane.pub", key), tmp_path) == 0
    (tmp_path / "record.cose").write_bytes(flip((tmp_path / "record.cose").read_bytes()))
    assert _shell(script.replace("lane.pub", key), tmp_path) != 0


def _shell(script: str, folder: Path) -> int:
    done = subprocess.run(["sh", "-ec", script], cwd=folder, capture_output=True, check=False)
    return done.returncode


def test_a_key_from_outside_is_compared(folder: Path, whole: Bundle) -> None:
    behind = bundle_of(folder, Morning.LAST)
    assert check_bundle(whole, anchor=KEY.public).anchored
    assert check_bundle(behind, anchor=KEY.public).anchored
    assert check_bundle(behind, anchor=NEXT_KEY.public).anchored
    # The next key vouches for nothing that was sealed before it counted.
    for bundle, anchor in ((whole, NEXT_KEY), (whole, THIEF), (behind, THIEF)):
        report = check_bundle(bundle, anchor=anchor.public)
        assert not report.anchored
        assert [f.code for f in report.findings] == ["key"]


def test_a_bundle_forged_whole_is_found_by_the_key_from_outside(folder: Path) -> None:
    taken = bundle_of(folder, Morning.OVER)
    body = seal(encode(opened(taken.bodies[taken.seq])), THIEF)
    forged = replace(taken, first_key=THIEF.public, bodies={taken.seq: body}, proofs=())
    assert found_in(forged) == set()
    assert [f.code for f in check_bundle(forged, anchor=KEY.public).findings] == ["key"]


def test_a_revoked_key_is_named(whole: Bundle) -> None:
    revoked = (Revocation(kid=KEY.public.kid, why="stolen"),)
    found = check_bundle(whole, revoked=revoked).findings
    assert ("revoked", Morning.FIRST) in {(f.code, f.seq) for f in found}
    later = (Revocation(kid=KEY.public.kid, from_seq=Morning.FIRST + 1, why="stolen"),)
    assert Morning.FIRST not in {f.seq for f in check_bundle(whole, revoked=later).findings}


def test_a_record_with_a_bit_flipped(whole: Bundle) -> None:
    body = whole.bodies[whole.seq]
    for at, code in ((-1, "signature"), (-100, "signature"), (60, "key"), (5, "seal")):
        bundle = replace(whole, bodies={**whole.bodies, whole.seq: flip(body, at)})
        assert (code, whole.seq) in found_in(bundle)


def test_a_record_sealed_again(folder: Path, whole: Bundle) -> None:
    by_thief = with_record(whole, whole.seq, heavier, THIEF)
    assert ("key", whole.seq) in found_in(by_thief)
    # The owner of the key can seal anew, but not into the manifest of the day.
    by_owner = with_record(whole, whole.seq, heavier, KEY)
    assert found_in(by_owner) == {("manifest", whole.seq)}
    behind = bundle_of(folder, Morning.LAST)
    by_old_key = with_record(behind, Morning.LAST, heavier, KEY)
    assert ("key", Morning.LAST) in found_in(by_old_key)


def test_records_of_the_chain_are_linked(folder: Path) -> None:
    bundle = bundle_of(folder, Morning.LAST, chain=True)
    found = found_in(with_record(bundle, Morning.AGAIN, heavier, KEY))
    assert found >= {("chain", Morning.KEY), ("manifest", Morning.AGAIN)}


def test_another_record_in_its_place(folder: Path, whole: Bundle) -> None:
    other = bundle_of(folder, Morning.OVER).bodies[Morning.OVER]
    swapped = replace(whole, bodies={**whole.bodies, whole.seq: other})
    assert ("order", whole.seq) in found_in(swapped)


def test_a_record_of_another_lane(whole: Bundle) -> None:
    moved = with_record(whole, whole.seq, lambda r: replace(r, lane="2"), KEY)
    assert ("lane", whole.seq) in found_in(moved)


def test_a_bare_record(whole: Bundle) -> None:
    bare = encode(opened(whole.bodies[whole.seq]))
    bundle = replace(whole, bodies={whole.seq: bare}, proofs=())
    assert ("unsealed", whole.seq) in found_in(bundle)
    assert "record.cbor" in archive.unpack(pack(bundle))[0]


def test_a_key_record_left_out(folder: Path) -> None:
    bundle = bundle_of(folder, Morning.LAST)
    assert ("key", Morning.LAST) in found_in(without(bundle, Morning.KEY))


def test_a_manifest_left_out_or_a_path_bent(whole: Bundle) -> None:
    assert ("manifest", whole.seq) in found_in(without(whole, Morning.MANIFEST))
    proof = whole.proofs[0]
    for bent in (
        replace(proof, path=(*proof.path[:-1], "00" * 32)),
        replace(proof, path=proof.path[:-1]),
        replace(proof, path=("x", *proof.path[1:])),
        replace(proof, index=proof.index + 1),
        replace(proof, count=proof.count + 1),
        replace(proof, manifest=whole.seq),
        replace(proof, manifest=99),
    ):
        assert found_in(replace(whole, proofs=(bent,))) == {("manifest", whole.seq)}


def test_a_later_record_of_the_passage_made_the_first(folder: Path) -> None:
    bundle = bundle_of(folder, Morning.HELD)
    assert ("file", Morning.RELEASE) in found_in(replace(bundle, seq=Morning.RELEASE))


def test_media_left_out_altered_or_put_in(whole: Bundle) -> None:
    name = RULES.name
    rest = {n: data for n, data in whole.media.items() if n != name}
    assert found_in(replace(whole, media=rest)) == {("media_missing", whole.seq)}
    altered = {**rest, name: RULES.data + b"#"}
    assert found_in(replace(whole, media=altered)) == {("media_damaged", whole.seq)}
    strange = {**whole.media, THIEF.public.x.hex() + ".png": b"x"}
    assert found_in(replace(whole, media=strange)) == {("media_damaged", None)}
    name = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9.bin"
    assert found_in(replace(whole, media={**whole.media, name: b"0"})) == {("file", None)}


def test_each_entry_by_its_name(whole: Bundle) -> None:
    index = ("file", None)
    for name, seq in (
        ("record.json", whole.seq),
        (f"records/{Morning.MANIFEST:010d}.json", Morning.MANIFEST),
        (f"keys/{Morning.KEY:010d}.pub", Morning.KEY),
        ("README.txt", None),
    ):
        assert with_entry(whole, name, lambda data: data + b" ") == {("file", seq)}
        assert with_entry(whole, name, lambda data: None) == {("file", seq)}
    assert with_entry(whole, "extra.txt", lambda data: b"x") == {index}
    assert with_entry(whole, INDEX, lambda data: data + b" ") == {index}
    assert with_entry(whole, INDEX, lambda data: data.replace(b'"bytes": ', b'"bytes": 1')) == {
        index
    }
    found = with_entry(whole, "lane.pub", lambda data: public_pem(THIEF.public))
    assert ("key", whole.seq) in found


def test_random_bits_of_a_bundle_are_all_found(whole: Bundle) -> None:
    data, drawn = pack(whole), random.Random(7)
    for _ in range(300):
        at = drawn.randrange(len(data) * 8)
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        try:
            found = checked(bytes(changed))[0]
        except (ArchiveError, BundleError):
            continue
        assert found, f"bit {at} was altered and nothing was found"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: {n: d for n, d in e.items() if n != INDEX}, "no bundle.json"),
        (lambda e: {n: d for n, d in e.items() if n != "record.cose"}, "record.cose is missing"),
        (lambda e: {n: d for n, d in e.items() if n != "lane.pub"}, "lane.pub"),
        (lambda e: {**e, "lane.pub": b"x"}, "lane.pub"),
        (lambda e: {**e, INDEX: b"{"}, "cannot be read"),
        (lambda e: {**e, INDEX: b"[]"}, "does not say"),
        (lambda e: {**e, INDEX: b"[" * 9000}, "cannot be read"),
        (lambda e: {**e, INDEX: e[INDEX].replace(b'"version": 1', b'"version": 2')}, "newer"),
        (lambda e: {**e, INDEX: e[INDEX].replace(b'"record": 1', b'"record": "1"')}, "record"),
        (lambda e: {**e, INDEX: e[INDEX].replace(b'"faults"', b'"fault"')}, "faults"),
        (lambda e: {**e, "record.cbor": e["record.cose"]}, "twice"),
    ],
)
def test_what_is_no_bundle_is_refused(
    whole: Bundle,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    said: str,
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive.pack(change(archive.unpack(pack(whole))[0])))
    with pytest.raises(BundleError, match=said) as refused:
        read_bundle(path)
    assert str(path) in str(refused.value)


def test_a_bundle_cut_off_is_refused(whole: Bundle, tmp_path: Path) -> None:
    path, data = tmp_path / "a.zip", pack(whole)
    for end in (0, 10, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:end])
        with pytest.raises(BundleError, match="not a whole evidence bundle"):
            read_bundle(path)
    with pytest.raises(BundleError, match="No such file"):
        read_bundle(tmp_path / "none.zip")


def test_faults_known_when_it_was_made_stay_findings(whole: Bundle) -> None:
    fault = Fault(code="gap", record=3, message="seq 3 to 4 missing")
    assert found_in(replace(whole, faults=(fault,))) == {("gap", 3)}
    findings, report = checked(pack(replace(whole, elsewhere=(fault,))))
    assert findings == set()
    assert any("seq 3 to 4 missing" in note for note in report.notes)


def test_what_is_not_in_the_ledger(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no record 99; it holds 1 to 13"):
        gather(folder / "ledger.sqlite", 99)
    with pytest.raises(LedgerError, match="no such file"):
        gather(tmp_path / "ledger.sqlite", 1)
    (tmp_path / "text").write_text("x" * 100)
    with pytest.raises(LedgerError, match="not a ledger"):
        gather(tmp_path / "text", 1)


def test_missing_and_altered_media_are_named(folder: Path, tmp_path: Path) -> None:
    bundle = gather(folder / "ledger.sqlite", Morning.FIRST)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / RULES.name).write_bytes(b"other")
    held, findings = with_media(bundle, MediaStore(tmp_path / "media"))
    assert held.media == {}
    assert sorted((f.code, f.seq) for f in findings) == [
        ("media_damaged", Morning.FIRST),
        ("media_missing", Morning.FIRST),
        ("media_missing", Morning.FIRST),
    ]


def test_media_removed_by_rule_are_not_missed(tmp_path: Path) -> None:
    write_ledger(tmp_path)
    picture = bundle_of(tmp_path, Morning.FIRST).records[Morning.FIRST].images[0]
    times = Times(at_us=1, date=20261122)
    with Ledger.open(tmp_path / "ledger.sqlite", read_only=True) as ledger:
        site, lane = ledger.site, ledger.lane
    note = Record(
        kind=Kind.RETENTION,
        site=site,
        lane=lane,
        passage_id=0,
        part=0,
        times=times,
        retention=Retention(kind="plate", why="age", sha256=(picture.sha256,)),
    )
    with Ledger.open(tmp_path / "ledger.sqlite", site, lane, key=NEXT_KEY) as ledger:
        removal = ledger.note(note).seq
    (tmp_path / "media" / f"{picture.sha256.hex()}.png").unlink()
    bundle = bundle_of(tmp_path, Morning.FIRST)
    findings, report = checked(pack(bundle))
    assert (findings, removal in bundle.bodies) == (set(), True)
    assert any(f"says record {removal}" in note for note in report.notes)
    assert ("media_missing", Morning.FIRST) in found_in(without(bundle, removal))


def test_manifests_kept_outside(folder: Path, whole: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "8.cose"
    path.write_bytes(whole.bodies[Morning.MANIFEST])
    kept = read_kept(path)
    assert (kept.seq, kept.manifest.first, kept.manifest.last) == (8, 1, 7)
    ledger = folder / "ledger.sqlite"
    assert against_ledger(ledger, [kept]) == []
    assert against_bundle(whole, [kept]) == ([], [])
    later = replace(kept, seq=20)
    (cut,) = against_ledger(ledger, [later])
    assert (cut.code, cut.seq) == ("manifest", 20)
    assert "this ledger ends at 13: it was cut off" in cut.message
    other = replace(kept, body=kept.body + b"x")
    assert [(f.code, f.seq) for f in against_ledger(ledger, [other])] == [("manifest", 8)]
    assert [(f.code, f.seq) for f in against_bundle(whole, [other])[0]] == [("manifest", 8)]
    elsewhere = replace(kept, owner=("other", "1"))
    assert [f.code for f in against_ledger(ledger, [elsewhere])] == ["lane"]
    assert [f.code for f in against_bundle(whole, [elsewhere])[0]] == ["lane"]
    apart = bundle_of(folder, Morning.VOID)
    assert against_bundle(apart, [kept]) == ([], ["8.cose is of other records (1 to 7)"])
    unproven = replace(whole, proofs=())
    assert [f.code for f in against_bundle(unproven, [kept])[0]] == ["manifest"]


def test_what_is_no_manifest_is_refused(whole: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "x.cose"
    with pytest.raises(OutsideError, match="No such file"):
        read_kept(path)
    for data in (b"", b"text", whole.bodies[Morning.FIRST], whole.bodies[Morning.MANIFEST][:-1]):
        path.write_bytes(data)
        with pytest.raises(OutsideError, match="manifest"):
            read_kept(path)
