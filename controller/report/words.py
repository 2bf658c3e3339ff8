"""The words of a record in Chinese and English, as the law and the weigh-room use them."""

from __future__ import annotations

from typing import NamedTuple

from protocol.custody import Usability
from protocol.parts import (
    Direction,
    End,
    Kind,
    Motion,
    Outcome,
    Permit,
    Result,
    Service,
    Source,
    Stand,
    View,
)


class Word(NamedTuple):
    """One term in both languages."""

    zh: str
    en: str


KINDS = {
    Kind.PASSAGE: Word("过车", "passage"),
    Kind.RELEASE: Word("人工放行", "release by a person"),
    Kind.AMENDMENT: Word("更正", "amendment"),
    Kind.VOID: Word("作废", "void"),
    Kind.MANUAL_MOVE: Word("人工动闸", "boom moved by a person"),
    Kind.SERVICE: Word("维护", "service"),
}
OUTCOMES = {
    Outcome.HOLD: Word("等待人工", "held"),
    Outcome.RELEASE: Word("放行", "released"),
    Outcome.RETURN: Word("退回", "sent back"),
}
RESULTS = {
    Result.WITHIN: Word("未超", "within"),
    Result.OVER: Word("超", "over"),
    Result.UNDETERMINED: Word("未定", "undetermined"),
}
SERVICES = {
    Service.ALLOW_DEGRADED: Word("允许降级称重", "weighing without evidence allowed"),
    Service.FORBID_DEGRADED: Word("停止降级称重", "weighing without evidence forbidden"),
    Service.CLEAR_CELLS: Word("清除传感器故障", "cell faults forgotten after service"),
    Service.ZERO: Word("人工置零", "zero set by hand"),
    Service.TEST_LAMP: Word("测试信号灯", "lane signal tried out"),
    Service.TEST_SIGN: Word("测试显示屏和语音", "sign and voice tried out"),
    Service.CONFIGURE: Word("修改配置", "configuration changed"),
    Service.CALIBRATE: Word("标定", "scale calibrated"),
}
DIRECTIONS = {
    Direction.IN: Word("进场", "in"),
    Direction.OUT: Word("出场", "out"),
    Direction.PASS: Word("过检", "pass"),
}
ENDS = {End.YARD: Word("货场侧", "yard"), End.ROAD: Word("公路侧", "road")}
PERMITS = {
    Permit.NONE: Word("不得开闸", "no boom may rise"),
    Permit.YARD: Word("货场侧道闸可开一次", "the yard boom may rise once"),
    Permit.ROAD: Word("公路侧道闸可开一次", "the road boom may rise once"),
}
MOTIONS = {Motion.RAISE: Word("起", "raised"), Motion.LOWER: Word("落", "lowered")}
SOURCES = {
    Source.SENSOR: Word("传感器", "sensor"),
    Source.CAMERA: Word("相机", "camera"),
    Source.REGISTER: Word("登记", "register"),
    Source.OPERATOR: Word("人工", "operator"),
}
STANDS = {
    Stand.HELD: Word("未认定", "no plate that could be used"),
    Stand.AUTO: Word("自动采信", "stands by itself"),
    Stand.PROPOSED: Word("待人工确认", "not confirmed by anyone"),
    Stand.CONFIRMED: Word("人工确认", "confirmed by a person"),
    Stand.CORRECTED: Word("人工更正", "corrected by a person"),
    Stand.ENTERED: Word("人工录入", "entered by a person"),
}
VIEWS = {View.FRONT: Word("车头", "front"), View.REAR: Word("车尾", "rear")}
VEHICLES = {"truck": Word("货车", "truck"), "train": Word("汽车列车", "train")}
PHASES = {
    "STARTING": Word("启动", "starting"),
    "IDLE": Word("空闲", "idle"),
    "APPROACH": Word("驶近", "approach"),
    "BOARDING": Word("上秤", "boarding"),
    "POSITIONING": Word("就位", "positioning"),
    "WEIGHING": Word("称重", "weighing"),
    "CONFIRMING": Word("确认车牌", "confirming"),
    "DECIDING": Word("判定", "deciding"),
    "RELEASING": Word("放行", "releasing"),
    "HOLDING": Word("等待人工", "holding"),
    "RETURNING": Word("退回", "returning"),
    "DEPARTING": Word("驶离", "departing"),
    "ZERO_CHECK": Word("回零", "zero check"),
    "FAULTED": Word("故障", "faulted"),
    "MANUAL": Word("手动", "manual"),
    "EMERGENCY": Word("急停", "emergency"),
    "LEDGER_AWAY": Word("无法记录", "records cannot be kept"),
}
BASES = {
    "licence_gvm_kg": Word("行驶证总质量", "licence total mass"),
    "licence_payload_kg": Word("核定载质量", "approved load"),
}
DIMENSIONS = {
    "height_mm": Word("车高", "height"),
    "width_mm": Word("车宽", "width"),
    "length_mm": Word("车长", "length"),
}


NOT_USABLE = Word("不得作为证据", "not usable as evidence")
OBJECTIONS = {
    "certificate_missing": Word("无检定证书", "no verification certificate"),
    "certificate_undated": Word("检定有效期未知", "a certificate without a date of validity"),
    "certificate_lapsed": Word("检定证书已过期", "the verification certificate has lapsed"),
    "clock_unknown": Word("时间未知", "the date is not known"),
    "degraded": Word("降级称重", "weighed on the remaining cells"),
    "out_of_range": Word("超出检定称量范围", "outside Min to Max"),
    "weight_withdrawn": Word("称量结果已撤回", "the weight was taken back"),
}


def not_usable(found: Usability) -> Word:
    """That a weight is no evidence, and why; an objection without a word stands for itself."""
    said = [OBJECTIONS.get(code, Word(code, code)) for code in found.objections]
    zh, en = "、".join(word.zh for word in said), ", ".join(word.en for word in said)
    return Word(f"{NOT_USABLE.zh}：{zh}", f"{NOT_USABLE.en}: {en}")


def phase(name: str) -> Word:
    """A phase by its name in a record; a name that is not known stands for itself."""
    return PHASES.get(name.upper(), Word("", name))
