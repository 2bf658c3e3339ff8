"""The one table of every field: integer key on the wire ↔ name in JSON and Python ↔ 中文名称.

A key is never given a second meaning; a new field takes the next free number of its map.
Source: names of 检测单据 and of the county and provincial platforms, as collected for this project;
an uplink profile translates from these names and units to its platform's.
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One field; ``of`` names the nested map, for a single value and for a list alike."""

    key: int
    name: str
    chinese: str
    of: str = ""


def _map(*rows: tuple[int, str, str] | tuple[int, str, str, str]) -> tuple[Field, ...]:
    return tuple(Field(*row) for row in rows)


FIELDS: dict[str, tuple[Field, ...]] = {
    "Record": _map(
        (1, "schema", "格式版本"),
        (2, "kind", "记录类型"),
        (3, "seq", "序号"),
        (4, "prev_hash", "前记录哈希"),
        (5, "site", "站点编号"),
        (6, "lane", "车道"),
        (7, "passage_id", "过车编号"),
        (8, "part", "过车分记录号"),
        (9, "refers_to", "关联序号"),
        (10, "direction", "方向"),
        (11, "times", "检测时间", "Times"),
        (12, "plate", "车牌"),
        (13, "plates", "车牌识别结果", "Plate"),
        (14, "axles", "轴数轴型", "Axles"),
        (15, "vehicle", "车辆信息", "Vehicle"),
        (16, "weighing", "称重", "Weighing"),
        (17, "verdicts", "判定", "Verdicts"),
        (18, "decision", "结论", "Decision"),
        (19, "permit", "放行道闸"),
        (20, "reweigh", "复磅", "Reweigh"),
        (21, "person", "经办人", "Person"),
        (22, "amendment", "更正", "Amendment"),
        (23, "void", "作废原因"),
        (24, "move", "人工动闸", "Move"),
        (25, "scale", "衡器", "Scale"),
        (26, "curve", "称重曲线", "Curve"),
        (27, "images", "图片", "Image"),
        (28, "phases", "过程时间线"),
        (29, "flags", "异常"),
        (30, "software", "软件版本"),
        (31, "config_hash", "配置哈希"),
        (32, "unit_code", "源头单位编码"),
        (33, "device_sn", "设备编号"),
        (34, "degraded", "降级称重", "Degraded"),
        (35, "service", "维护", "Servicing"),
        (36, "identification", "车牌认定", "Identification"),
    ),
    "Times": _map(
        (1, "at_us", "检测时刻"),
        (2, "wall_ms", "检测日期时间"),
        (3, "clock", "时钟质量"),
        (4, "entered_us", "进时间"),
        (5, "decided_us", "判定时刻"),
        (6, "left_us", "出时间"),
        (7, "started_us", "到达时刻"),
    ),
    "Plate": _map(
        (1, "text", "车牌号"),
        (2, "conf_ppm", "逐字置信度"),
        (3, "end", "识别端"),
        (4, "ptype", "号牌种类"),
        (5, "colour", "颜色"),
        (6, "image_sha256", "车牌图片哈希"),
        (7, "captured_us", "抓拍时刻"),
        (8, "source", "车牌来源"),
        (9, "track", "跟踪号"),
        (10, "valid", "符合号牌规则"),
        (11, "view", "拍摄部位"),
        (12, "frames", "识别帧数"),
        (13, "agree", "一致帧数"),
        (14, "first_us", "首帧时刻"),
        (15, "last_us", "末帧时刻"),
        (16, "ptype_ppm", "号牌种类置信度"),
        (17, "hints", "可疑迹象"),
    ),
    "Identification": _map(
        (1, "stand", "认定方式"),
        (2, "read", "识别车牌"),
        (3, "policy", "识别策略"),
        (4, "auto_ppm", "自动采信阈值"),
        (5, "confirm_ppm", "人工确认阈值"),
        (6, "agree_min", "最少一致帧数"),
        (7, "frames", "画面统计", "PlateFrames"),
    ),
    "PlateFrames": _map(
        (1, "end", "识别端"),
        (2, "view", "拍摄部位"),
        (3, "taken", "抓拍帧数"),
        (4, "read", "识读帧数"),
        (5, "late", "不计帧数"),
        (6, "flawed", "不合格画面"),
    ),
    "Axles": _map(
        (1, "count", "轴数"),
        (2, "source", "轴数来源"),
        (3, "vehicle_kind", "车辆类型"),
        (4, "single_drive_axle", "驱动轴为单轴"),
        (5, "single_tyre_axles", "单轮胎轴数"),
        (6, "wide_tyres", "加宽轮胎"),
        (7, "air_suspension_drive", "驱动轴空气悬架"),
        (8, "trailer_tandem_spacing_mm", "挂车并装双轴轴距"),
        (9, "offsets_mm", "各轴距首轴"),
    ),
    "Vehicle": _map(
        (1, "licence_gvm_g", "行驶证总质量"),
        (2, "licence_payload_g", "核定载质量"),
        (3, "height_mm", "车高"),
        (4, "width_mm", "车宽"),
        (5, "length_mm", "车长"),
        (6, "posted_limit_g", "限重标志"),
    ),
    "Tare": _map(
        (1, "tare_g", "皮重"),
        (2, "seq", "皮重记录序号"),
        (3, "taken_ms", "皮重时间"),
        (4, "clock", "皮重时钟质量"),
    ),
    "Weighing": _map(
        (1, "gross_g", "总重"),
        (2, "indicated_g", "示值"),
        (3, "purpose", "称重用途"),
        (4, "u95_g", "扩展不确定度"),
        (5, "mpe_g", "最大允许误差"),
        (6, "tare", "皮重及来源", "Tare"),
        (7, "net_g", "净重"),
        (8, "stable_from_us", "稳定段起"),
        (9, "stable_to_us", "稳定段止"),
        (10, "estimator", "称重算法"),
        (11, "raw", "原始数据"),
        (12, "zero_offset_g", "零点偏移"),
    ),
    "Reading": _map(
        (1, "result", "结果"),
        (2, "limit_g", "限重"),
        (3, "over_g", "超出量"),
        (4, "rate_e4", "超出率"),
        (5, "rule", "限重依据"),
        (6, "clause", "条款"),
        (7, "note", "说明"),
        (8, "assumed", "假设", "Assumed"),
    ),
    "Assumed": _map(
        (1, "fact", "缺失项"),
        (2, "value", "假设值"),
    ),
    "Verdict": _map(
        (1, "result", "结果"),
        (2, "limit_g", "限重"),
        (3, "over_g", "超出量"),
        (4, "rate_e4", "超出率"),
        (5, "rule", "限重依据"),
        (6, "clause", "条款"),
        (7, "version", "规则版本"),
        (8, "within_mpe", "超出量在允许误差内"),
        (9, "readings", "各种解释", "Reading"),
        (10, "basis", "对比依据"),
        (11, "rate_of", "超出率基数"),
        (12, "exceeded", "超出的尺寸"),
    ),
    "Verdicts": _map(
        (1, "over_limit", "超限", "Verdict"),
        (2, "overload", "超载", "Verdict"),
        (3, "dimensions", "外廓尺寸", "Verdict"),
        (4, "rules", "规则表"),
        (5, "reasons", "判定原因"),
        (6, "on", "判定日期"),
    ),
    "Decision": _map(
        (1, "outcome", "处置"),
        (2, "reasons", "原因"),
    ),
    "Scale": _map(
        (1, "serial", "衡器编号"),
        (2, "accuracy_class", "准确度等级"),
        (3, "max_g", "最大秤量"),
        (4, "e_g", "检定分度值"),
        (5, "certificate", "检定证书号"),
        (6, "valid_until", "检定有效期"),
    ),
    "Curve": _map(
        (1, "t_us", "曲线时刻"),
        (2, "g", "曲线重量"),
        (3, "sha256", "称重曲线摘要"),
    ),
    "Image": _map(
        (1, "name", "图片名称"),
        (2, "sha256", "图片哈希"),
        (3, "camera", "相机编号"),
        (4, "t_us", "图片时刻"),
        (5, "width_px", "图片宽"),
        (6, "height_px", "图片高"),
    ),
    "Reweigh": _map(
        (1, "first_seq", "原单序号"),
        (2, "previous_seq", "上次序号"),
        (3, "cycle", "复磅次数"),
    ),
    "Person": _map(
        (1, "who", "姓名或工号"),
        (2, "why", "理由"),
        (3, "second", "复核人"),
    ),
    "Amendment": _map(
        (1, "field", "更正项"),
        (2, "was", "原值"),
        (3, "now", "更正值"),
    ),
    "Degraded": _map(
        (1, "cells", "剔除的传感器"),
        (2, "evidence", "证据效力"),
        (3, "weight_g", "估计重量"),
        (4, "u95_g", "扩展不确定度"),
        (5, "method", "估计方法"),
        (6, "reason", "无估计的原因"),
        (7, "allowed", "批准人", "Person"),
    ),
    "Servicing": _map(
        (1, "action", "操作"),
        (2, "cells", "故障传感器"),
    ),
    "Move": _map(
        (1, "end", "道闸"),
        (2, "motion", "动作"),
    ),
}
