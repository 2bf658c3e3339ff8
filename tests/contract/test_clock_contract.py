"""Contract of ``Clock``: time never goes back, wall time carries its quality."""

from contract_rig import Rig

from hal.ports import Clock, WallReading


def test_the_monotonic_clock_never_goes_back(rig: Rig) -> None:
    clock = rig.board.clock
    assert isinstance(clock, Clock)
    last = clock.now_us()
    for _ in range(50):
        rig.advance(20_000)
        now = clock.now_us()
        assert type(now) is int
        assert now >= last
        last = now


def test_looking_at_the_clock_does_not_move_a_virtual_one(rig: Rig, board_name: str) -> None:
    if board_name == "bench" or board_name.startswith(("signs", "cameras")):
        return
    clock = rig.board.clock
    assert len({clock.now_us() for _ in range(10)}) == 1
    rig.advance(20_000)
    before = clock.now_us()
    rig.advance(20_000)
    assert clock.now_us() - before == 20_000


def test_wall_time_is_whole_milliseconds_with_its_quality(rig: Rig) -> None:
    wall = rig.board.clock.wall()
    assert isinstance(wall, WallReading)
    assert type(wall.ms) is int
    assert wall.ms > 1_700_000_000_000
    assert -14 * 60 <= wall.offset_min <= 14 * 60
    assert type(wall.synchronised) is bool


def test_a_faulty_time_source_is_not_synchronised(rig: Rig, board_name: str) -> None:
    if board_name.startswith("sim"):
        assert rig.board.clock.wall().synchronised is (board_name == "sim")
