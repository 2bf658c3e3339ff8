"""What the scale and the cameras saw: the curve with its accepted instant, and the plates."""

from __future__ import annotations

from msgspec.structs import replace

from controller.explain.layout import say, section
from controller.explain.result import weighed
from controller.report.curve import curve_figure, zero_us
from controller.report.figures import seconds
from controller.report.markup import Html, el
from controller.report.passages import Passage
from controller.report.pictures import Pictures
from controller.report.plates import chip, plate_section
from controller.report.stills import still_section
from controller.report.words import Word


def curve_section(passage: Passage) -> Html:
    """The weight over time; which instant was taken, and how to read the drawing."""
    # The limit that is drawn is the one that stands, also where the verdict was made anew.
    record = replace(weighed(passage) or passage.head, verdicts=passage.verdicts)
    weighing = record.weighing
    parts = [curve_figure(record, narrow=True)]
    if record.curve is not None and weighing is not None:
        at = seconds(record.times.at_us - zero_us(record))
        parts.append(
            say(
                f"蓝线是秤台上的重量，从车辆驶近时起算；绿色底是采信前的稳定段，圆点是采信的时刻（{at}）。"
                "另一图把采信值附近放大：蓝色带为不确定度，虚线为最大允许误差。车身在弹簧上晃动，"
                "所以曲线上下摆动；采信值是由整段数据算出的摆动中心。",
                f"The blue line is the weight on the deck, counted from the approach; shaded green "
                f"is the steady stretch, the dot is the accepted instant ({at}). The other drawing "
                "is enlarged about the accepted value: the band is the uncertainty, the dashed "
                "lines are the maximum permissible error. A truck rocks on its springs, so the "
                "line swings; the accepted value is the centre of the swing, computed from all of "
                "it.",
                "say small",
            )
        )
    if weighing is not None and weighing.estimator is not None:
        version = f" {weighing.estimator_version}" if weighing.estimator_version else ""
        parts.append(el("p", f"称重算法 estimator: {weighing.estimator}{version}", class_="note"))
    return section("weight", Word("称重曲线", "The weight over time"), *parts)


def camera_section(passage: Passage, pictures: Pictures) -> Html:
    """The plate that stands, every read of it, and how sure each character is."""
    head = passage.head
    named = next((r for r in reversed(passage.records) if r.plate is not None), head)
    seen = next((r for r in passage.records if r.plates), head)
    note = say(
        "每个字符下的数字是识别把握（百分比）；最没有把握的字符加了标记。",
        "The figure under each character is how sure the reader was, in per cent; the least "
        "certain one is marked.",
        "say small",
    )
    return section(
        "seen",
        Word("相机所见", "What the cameras saw"),
        el("p", chip(named), class_="settled"),
        plate_section(seen, pictures, zero_us(head)),
        note if seen.plates else None,
        *(still_section(record, pictures, zero_us(head)) for record in passage.records),
    )
