"""Contract of signals and signs: a level may be said any number of times, and never raises."""

from contract_rig import Rig

from hal.ports import LaneSignal, Sign, Signal, SignPage


def test_a_signal_takes_every_aspect_any_number_of_times(rig: Rig) -> None:
    signals = [*rig.drivers("approach_signal"), *rig.drivers("deck_signal")]
    assert signals
    for signal in signals:
        assert isinstance(signal, LaneSignal)
        for aspect in (Signal.RED, Signal.GREEN, Signal.GREEN, Signal.RED):
            signal.show(aspect)
            rig.advance(20_000)


def test_a_sign_takes_every_page_any_number_of_times(rig: Rig) -> None:
    pages = [
        SignPage(lines=(), colour="red"),
        SignPage(lines=("皖A12345", "超限 5320 kg", "请卸载后复磅"), colour="red"),
        SignPage(lines=("x" * 500,) * 40, colour="amber"),
    ]
    for sign in (*rig.drivers("sign"), *rig.drivers("voice")):
        assert isinstance(sign, Sign)
        for page in pages:
            sign.show(page)
            sign.show(page)
            rig.advance(20_000)
