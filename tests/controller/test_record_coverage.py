"""A record carries the superset of the platforms' fields (facts/regulation.md, 1.9).

Three mornings of the simulated yard fill all that a simulated yard can know; what stays empty
stands here with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from board.build import build
from board.config import scale_of_config
from board.profile import read_profile
from controller.assembly import assemble
from controller.recognition.looks import Shot, Sighted
from controller.recording.reweighing import reweigh_record
from hal.bus import Bus
from hal.ports import PersonRequest
from protocol.counts import unpack
from protocol.custody import Media
from protocol.media import FOLDER, MediaStore
from protocol.parts import Kind
from protocol.record import Json, Record, to_json
from sim.reader import StochasticReader
from sim.run import simulate
from sim.world import Yard

HOUR_US = 3_600_000_000
SCENARIOS = ("tare_and_gross", "overloaded_reweigh", "unreadable_plate")
SEED = 5
DOCS = Path(__file__).parents[2] / "docs" / "evidence.md"

NAMES: dict[str, tuple[str, ...]] = {
    "检测单号 record_code": ("code",),
    "站点编号 station_code": ("site",),
    "源头单位编码 unit_code": ("unit_code",),
    "设备编号 device_sn": ("device_sn",),
    "车道 lane": ("lane",),
    "方向 direction": ("direction",),
    "检测时间 t_weigh": ("times.wall_ms", "times.at_us", "times.clock", "times.offset_min"),
    "检测日期 date": ("times.date",),
    "进时间 t_in": ("times.entered_us", "times.started_us"),
    "出时间 t_out": ("times.left_us",),
    "车牌 plate": ("plate",),
    "车牌(前) plate_front": ("plates.text", "plates.view"),
    "颜色 plate_color": ("plates.colour", "plates.ptype"),
    "置信度 plate_conf": ("plates.conf_ppm",),
    "人工确认 plate_confirmed_by": ("identification.stand", "person.who", "person.second"),
    "轴数 axles": ("axles.count",),
    "轴型 axle_type": ("axles.axle_type",),
    "单轮胎轴 single_tyre_axles": ("axles.single_tyre_axles",),
    "驱动轴 single_drive": ("axles.single_drive_axle",),
    "轴数来源 axle_source": ("axles.source",),
    "总重 gross_kg": ("weighing.gross_g", "weighing.indicated_g"),
    "皮重 tare_kg": (
        "weighing.tare.tare_g",
        "weighing.tare.seq",
        "weighing.tare.taken_ms",
        "weighing.tare.clock",
        "weighing.tare.expires_ms",
    ),
    "净重 net_kg": ("weighing.net_g",),
    "限重 limit_kg": ("verdicts.over_limit.limit_g",),
    "限重依据 rule_id": ("verdicts.over_limit.rule", "verdicts.over_limit.clause"),
    "规则版本 rule_version": ("verdicts.over_limit.version", "verdicts.rules", "tables.sha256"),
    "允差设置 tolerance_id": ("verdicts.tolerance", "verdicts.over_limit.within_mpe"),
    "超限量 over_limit_kg": ("verdicts.over_limit.over_g",),
    "超限率 over_limit_rate": ("verdicts.over_limit.rate_e4",),
    "行驶证总质量 licence_gvm": ("vehicle.licence_gvm_g",),
    "核定载质量 licence_payload": ("vehicle.licence_payload_g",),
    "超载量 overload_kg": ("verdicts.overload.over_g",),
    "超载率 overload_rate": ("verdicts.overload.rate_e4",),
    "货物名称 goods": ("cargo.goods",),
    "货物装载单号 load_ticket_no": ("cargo.load_ticket",),
    "目的地 dest": ("cargo.destination",),
    "运输证号 road_permit_no": ("cargo.road_permit",),
    "车主 owner": ("cargo.owner",),
    "驾驶员 driver (hashed)": ("cargo.driver_sha256",),
    "原单号 original_code": ("reweigh.first_seq", "refers_to"),
    "复磅次数 reweigh_no": ("reweigh.cycle",),
    "称重曲线摘要 curve_sha256": ("curve.sha256",),
    "稳定段 stable_window": ("weighing.stable_from_us", "weighing.stable_to_us"),
    "称重算法 estimator": (
        "weighing.estimator",
        "weighing.estimator_version",
        "weighing.parameters",
        "weighing.estimate_g",
        "weighing.raw",
        "weighing.u95_g",
    ),
    "衡器 scale_sn, class": ("scale.serial", "scale.accuracy_class"),
    "衡器 Max, e": ("scale.max_g", "scale.e_g"),
    "检定证书 verification_cert_no": ("scale.certificate", "scale.valid_until"),
    "证据效力 usability": ("usability.usable",),
    "图片 pictures": (
        "images.name",
        "images.t_us",
        "images.camera",
        "images.sha256",
        "images.width_px",
        "images.height_px",
    ),
    "视频 clip": ("clips.sha256",),
    "结论 verdict": ("decision.outcome", "verdicts.over_limit.result"),
    "放行 release": ("permit", "decision.reasons", "person.why"),
    "异常 flags": ("flags",),
    "过程 timeline": ("phases",),
    "软件与配置 software": ("software", "config_hash"),
    "附属文件 media": ("media.kind", "media.sha256", "media.bytes"),
    "序号 seq": ("seq",),
    "前记录哈希 prev_hash": ("prev_hash",),
}
EMPTY = {
    "times.left_us": "the seal comes before the exit: no boom rises before the record is durable",
    "clips.sha256": "the simulated yard has no video recorder",
    "flags": "nothing odd happens in these mornings",
}
NOT_IN_THE_RECORD = {
    "上传状态 upload": "it changes after the seal, so it is the outbox's",
    "签名 sig": "it is over the record: the COSE_Sign1 around it",
    "车牌(后) plate_rear": "as plate_front with the view rear; the simulated yard looks at fronts",
}


class Colourful(StochasticReader):
    """Eyes that tell the type of a plate by its colour, too."""

    def look(self, shot: Shot) -> Sighted:
        seen = super().look(shot).seen
        return Sighted(seen=tuple(replace(one, ptype="yellow1", ptype_p=0.99) for one in seen))


class Morning:
    """One finished run, with papers at the window and two people at the desk."""

    def __init__(self, scenario: str, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        yard = Yard.from_scenario(scenario, SEED)
        yard.paint = False
        yard.register = {plate: replace(e, **PAPERS) for plate, e in yard.register.items()}
        take = yard.operator.take

        def two() -> tuple[PersonRequest, ...]:
            return tuple(replace(request, second="值班长 赵") for request in take())

        monkeypatch.setattr(yard.operator, "take", two)
        bus = Bus()
        bus.share("yard", lambda: yard)
        lane = assemble(build(read_profile("sim"), bus), out, Colourful(yard))
        assert simulate(lane, yard, until_us=HOUR_US)
        self.records: list[Record] = list(lane.bookkeeper.ledger.records())
        lane.bookkeeper.close()
        self.media = MediaStore(out / FOLDER)


PAPERS = {
    "goods": "煤",
    "load_ticket": "ZZ-2026-0117",
    "destination": "太原",
    "road_permit": "140900123456",
    "owner": "原平运输有限公司",
    "driver": "14220119800101",
}


@pytest.fixture(scope="module")
def mornings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Morning]]:
    with pytest.MonkeyPatch.context() as patch:
        yield [Morning(name, tmp_path_factory.mktemp(name), patch) for name in SCENARIOS]


def _paths(value: Json, path: str = "") -> Iterator[str]:
    """Every path that leads to a value; a list's elements share theirs."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _paths(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from _paths(item, path)
    else:
        yield path


def test_a_simulated_yard_fills_every_name_or_says_why_not(mornings: list[Morning]) -> None:
    filled = {p for m in mornings for record in m.records for p in _paths(to_json(record))}
    wanted = {path for paths in NAMES.values() for path in paths}
    assert sorted(wanted - filled) == sorted(EMPTY)
    assert all(name.split()[-1] not in filled for name in NOT_IN_THE_RECORD)


def test_the_page_on_evidence_says_where_every_name_stands() -> None:
    page = DOCS.read_text(encoding="utf-8")
    missing = {p for paths in NAMES.values() for p in paths if f"`{p}`" not in page}
    assert missing == set()


def _weighed(mornings: list[Morning]) -> Iterator[tuple[Morning, Record]]:
    for morning in mornings:
        for record in morning.records:
            if record.kind is Kind.PASSAGE:
                yield morning, record


def _medium(record: Record, kind: str) -> Media:
    (found,) = (medium for medium in record.media if medium.kind == kind)
    return found


def test_every_weight_is_computed_again_from_record_and_configuration(
    mornings: list[Morning],
) -> None:
    for morning, record in _weighed(mornings):
        assert record.config_hash is not None
        scale = scale_of_config(morning.media.read(record.config_hash))
        found = reweigh_record(record, scale)
        assert found.agrees, f"{record.code}: {found}"


def test_the_counts_of_the_stay_hold_those_that_gave_the_weight(mornings: list[Morning]) -> None:
    for morning, record in _weighed(mornings):
        assert record.weighing is not None
        assert record.weighing.raw is not None
        assert record.times.entered_us is not None
        medium = _medium(record, "counts")
        stay = unpack(morning.media.read(medium.sha256))
        raw = unpack(record.weighing.raw)
        assert stay.t_us[0] < record.times.entered_us
        assert stay.t_us[-1] >= raw.t_us[-1] == record.weighing.stable_to_us
        begin = int((stay.t_us < raw.t_us[0]).sum())
        assert (stay.counts[begin : begin + len(raw.t_us)] == raw.counts).all()
        assert medium.bytes == len(morning.media.read(medium.sha256))


def test_digests_in_the_record_are_those_of_its_media(mornings: list[Morning]) -> None:
    for morning, record in _weighed(mornings):
        assert _medium(record, "config").sha256 == record.config_hash
        rules = {medium.sha256 for medium in record.media if medium.kind == "rules"}
        assert rules == {table.sha256 for table in record.tables}
        assert all(morning.media.has(medium.sha256) for medium in record.media)


def test_numbers_are_unique_and_say_where_and_when(mornings: list[Morning]) -> None:
    for morning in mornings:
        codes = [record.code for record in morning.records]
        assert len(set(codes)) == len(codes)
        for record in morning.records:
            assert record.code is not None
            assert record.code.startswith(f"SIM001{record.times.date}")
            assert record.code.endswith("" if record.part == 1 else f"-{record.part}")
