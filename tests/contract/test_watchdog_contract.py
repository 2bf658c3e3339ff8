"""Contract of ``Watchdog``: fed any number of times, let go of any number of times."""

from contract_rig import Rig

from hal.ports import Watchdog


def test_a_watchdog_is_fed_and_let_go(rig: Rig) -> None:
    for watchdog in rig.drivers("watchdog"):
        assert isinstance(watchdog, Watchdog)
        for _ in range(100):
            watchdog.feed()
            rig.advance(20_000)
        watchdog.release()
        watchdog.release()
        watchdog.feed()
        watchdog.release()
