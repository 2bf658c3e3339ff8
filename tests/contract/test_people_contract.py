"""Contracts of ``RequestSource`` and ``VehicleRegister``: facts or nothing."""

from contract_rig import Rig

from hal.ports import PersonRequest, RegisterEntry, RequestSource, VehicleRegister


def test_requests_are_asked_once(rig: Rig) -> None:
    for source in rig.drivers("requests"):
        assert isinstance(source, RequestSource)
        for _ in range(50):
            rig.advance(100_000)
            asked = source.poll()
            assert isinstance(asked, tuple)
            assert all(isinstance(r, PersonRequest) and r.who and r.why for r in asked)
            assert source.poll() == ()


def test_an_unknown_plate_has_no_entry(rig: Rig) -> None:
    for register in rig.drivers("register"):
        assert isinstance(register, VehicleRegister)
        for plate in ("", "no such plate", "皖A12345"):
            entry = register.lookup(plate)
            assert entry is None or isinstance(entry, RegisterEntry)
            assert plate == "皖A12345" or entry is None
