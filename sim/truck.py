"""Trucks of the configurations in the limit table, with axle spacings and masses as on the road.

The limits are those of Order 62/2016 Art. 3 (facts/regulation.md 1.1), written down here a second
time on purpose: the yard's truth must not come from the rules that it judges.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct

from hal.ports import RegisterEntry
from sim.profile import Interval, Profile, side_view

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"


class Configuration(Struct, frozen=True, kw_only=True):
    """One row of the table: spacings in metres (low, high), masses in tonnes, shares per axle.

    ``trailer_axles`` is 0 for a rigid truck; ``drawbar`` tells a full trailer from a semi-trailer.
    """

    title: str
    spacings_m: tuple[tuple[float, float], ...]
    trailer_axles: int
    limit_g: int
    tare_t: tuple[float, float]
    tare_shares: tuple[float, ...]
    load_shares: tuple[float, ...]
    rear_m: tuple[float, float] = (1.0, 1.5)
    drawbar: bool = False
    single_drive_axle: bool = True
    air_bonus: bool = False

    @property
    def axles(self) -> int:
        """Number of axles of the whole combination."""
        return len(self.tare_shares)


_TANDEM = (1.31, 1.38)


def _configuration(title: str, limit_t: int, **fields: object) -> Configuration:
    return Configuration(title=title, limit_g=limit_t * 1_000_000, **fields)  # type: ignore[arg-type]


CONFIGURATIONS: dict[str, Configuration] = {
    c.title: c
    for c in (
        _configuration(
            "2-axle truck",
            18,
            spacings_m=((4.3, 5.5),),
            trailer_axles=0,
            tare_t=(5.2, 7.4),
            tare_shares=(0.52, 0.48),
            load_shares=(0.2, 0.8),
            rear_m=(1.4, 2.2),
        ),
        _configuration(
            "3-axle truck",
            25,
            spacings_m=((4.2, 4.9), _TANDEM),
            trailer_axles=0,
            tare_t=(9.8, 12.0),
            tare_shares=(0.44, 0.28, 0.28),
            load_shares=(0.14, 0.43, 0.43),
            rear_m=(1.4, 2.0),
            single_drive_axle=False,
            air_bonus=True,
        ),
        _configuration(
            "4-axle truck",
            31,
            spacings_m=((1.9, 2.1), (3.2, 3.8), _TANDEM),
            trailer_axles=0,
            tare_t=(12.5, 15.0),
            tare_shares=(0.26, 0.26, 0.24, 0.24),
            load_shares=(0.13, 0.13, 0.37, 0.37),
            rear_m=(1.3, 1.8),
            single_drive_axle=False,
            air_bonus=True,
        ),
        _configuration(
            "3-axle train",
            27,
            spacings_m=((3.5, 3.8), (5.6, 6.6)),
            trailer_axles=1,
            tare_t=(9.2, 11.0),
            tare_shares=(0.42, 0.31, 0.27),
            load_shares=(0.08, 0.47, 0.45),
        ),
        _configuration(
            "4-axle train",
            36,
            spacings_m=((3.6, 3.85), (5.7, 6.4), _TANDEM),
            trailer_axles=2,
            tare_t=(11.8, 14.0),
            tare_shares=(0.36, 0.28, 0.18, 0.18),
            load_shares=(0.06, 0.36, 0.29, 0.29),
        ),
        _configuration(
            "5-axle train",
            43,
            spacings_m=((3.5, 3.8), (5.0, 5.9), _TANDEM, _TANDEM),
            trailer_axles=3,
            tare_t=(13.5, 15.5),
            tare_shares=(0.33, 0.25, 0.14, 0.14, 0.14),
            load_shares=(0.04, 0.3, 0.22, 0.22, 0.22),
        ),
        _configuration(
            "6-axle train",
            49,
            spacings_m=((3.1, 3.3), (1.32, 1.4), (4.0, 5.4), _TANDEM, _TANDEM),
            trailer_axles=3,
            tare_t=(15.2, 17.6),
            tare_shares=(0.33, 0.155, 0.155, 0.12, 0.12, 0.12),
            load_shares=(0.04, 0.18, 0.18, 0.2, 0.2, 0.2),
            single_drive_axle=False,
        ),
        _configuration(
            "6-axle train, single drive axle",
            46,
            spacings_m=((1.8, 2.0), (2.5, 2.8), (4.6, 5.6), _TANDEM, _TANDEM),
            trailer_axles=3,
            tare_t=(15.0, 17.0),
            tare_shares=(0.22, 0.2, 0.21, 0.123, 0.123, 0.124),
            load_shares=(0.05, 0.06, 0.24, 0.216, 0.217, 0.217),
        ),
        _configuration(
            "3-axle drawbar train",
            27,
            spacings_m=((4.3, 4.9), (5.2, 6.0)),
            trailer_axles=1,
            tare_t=(8.6, 10.4),
            tare_shares=(0.4, 0.32, 0.28),
            load_shares=(0.12, 0.5, 0.38),
            drawbar=True,
        ),
        _configuration(
            "4-axle drawbar train",
            36,
            spacings_m=((4.3, 4.8), (4.1, 4.4), (4.2, 4.6)),
            trailer_axles=2,
            tare_t=(11.0, 13.2),
            tare_shares=(0.33, 0.27, 0.2, 0.2),
            load_shares=(0.1, 0.36, 0.27, 0.27),
            drawbar=True,
        ),
        _configuration(
            "5-axle drawbar train",
            43,
            spacings_m=((4.3, 4.7), _TANDEM, (4.0, 4.3), (4.2, 4.6)),
            trailer_axles=2,
            tare_t=(14.0, 16.5),
            tare_shares=(0.31, 0.19, 0.19, 0.155, 0.155),
            load_shares=(0.08, 0.23, 0.23, 0.23, 0.23),
            drawbar=True,
            single_drive_axle=False,
        ),
        _configuration(
            "6-axle drawbar train",
            49,
            spacings_m=((4.2, 4.4), _TANDEM, (3.8, 4.0), (3.9, 4.1), _TANDEM),
            trailer_axles=3,
            tare_t=(15.8, 18.4),
            tare_shares=(0.28, 0.16, 0.16, 0.16, 0.12, 0.12),
            load_shares=(0.08, 0.19, 0.19, 0.2, 0.17, 0.17),
            rear_m=(0.8, 1.0),
            drawbar=True,
            single_drive_axle=False,
        ),
    )
}


class Plate(Struct, frozen=True):
    """A plate as stamped, and its type as the plate painter names it."""

    text: str
    ptype: str


class Truck(Struct, frozen=True, kw_only=True):
    """One vehicle as built and registered; what it carries is the passage's affair.

    ``axles_m`` are distances back from the front bumper.  ``front_axles`` is the number of axles
    of the drawing unit.  ``limit_g`` is the mass that the law allows this vehicle.
    """

    title: str
    axles_m: tuple[float, ...]
    front_axles: int
    length_m: float
    profile: Profile
    tare_g: int
    tare_shares: tuple[float, ...]
    load_shares: tuple[float, ...]
    front_air: bool
    rear_air: bool
    height_m: float
    lateral_m: float
    plate: Plate
    rear_plate: Plate
    plate_dirt: float
    entry: RegisterEntry
    registered: bool
    limit_g: int

    def axle_masses_g(self, load_g: int) -> tuple[float, ...]:
        """Static mass on each axle with this load."""
        return tuple(
            self.tare_g * t + load_g * s
            for t, s in zip(self.tare_shares, self.load_shares, strict=True)
        )


def draw_plate_text(rng: Random, colour: str) -> Plate:
    """Draw a plate of GA 36's pattern: blue or yellow of seven, green (new energy) of eight."""
    head = rng.choice(PROVINCES) + rng.choice(LETTERS)
    tail = [rng.choice(DIGITS) for _ in range(5)]
    if colour == "green":
        return Plate(f"{head}{''.join(tail)}D", "green8")
    if rng.random() < 0.45:
        tail[rng.randrange(5)] = rng.choice(LETTERS)
    return Plate(head + "".join(tail), f"{colour}1")


def trailer_plate(rng: Random) -> Plate:
    """Draw the plate that a trailer shows at its rear; it ends in 挂 and has two rows."""
    digits = "".join(rng.choice(DIGITS) for _ in range(4))
    return Plate(rng.choice(PROVINCES) + rng.choice(LETTERS) + digits + "挂", "yellow2")


def build_truck(
    rng: Random,
    title: str,
    *,
    colour: str = "yellow",
    plate: Plate | None = None,
    dirt: float | None = None,
    registered: bool = True,
    suspension: str | None = None,
) -> Truck:
    """Build a vehicle of this configuration, with everything left open drawn from ``rng``.

    ``dirt`` is 0 for a clean plate and 1 for one that nobody can read.
    """
    kind = CONFIGURATIONS[title]
    axles = _axle_positions(rng, kind)
    cab = rng.uniform(2.0, 2.4)
    length = axles[-1] + rng.uniform(*kind.rear_m)
    bodies, drawbar_height = _bodies(rng, kind, axles, cab, length)
    front_air, rear_air = _suspension(rng, suspension, kind.trailer_axles > 0)
    limit = kind.limit_g + (1_000_000 if kind.air_bonus and front_air else 0)
    tare = round(rng.uniform(*kind.tare_t) * 1_000_000)
    height = round(rng.uniform(3.0, 3.9), 2)
    own = plate or draw_plate_text(rng, colour)
    return Truck(
        title=title,
        axles_m=axles,
        front_axles=kind.axles - kind.trailer_axles,
        length_m=length,
        profile=side_view(
            axles_m=axles,
            length_m=length,
            cab_m=cab,
            bodies=bodies,
            drawbar_height_m=drawbar_height,
        ),
        tare_g=tare,
        tare_shares=kind.tare_shares,
        load_shares=kind.load_shares,
        front_air=front_air,
        rear_air=rear_air,
        height_m=height,
        lateral_m=max(-0.3, min(0.3, rng.gauss(0.0, 0.12))),
        plate=own,
        rear_plate=trailer_plate(rng) if kind.trailer_axles else own,
        plate_dirt=max(0.0, rng.gauss(0.08, 0.06)) if dirt is None else dirt,
        entry=_papers(kind, own.text, tare, limit, length, height, axles, front_air),
        registered=registered,
        limit_g=limit,
    )


def _axle_positions(rng: Random, kind: Configuration) -> tuple[float, ...]:
    at = [rng.uniform(1.3, 1.5)]
    for low, high in kind.spacings_m:
        at.append(at[-1] + rng.uniform(low, high))
    return tuple(at)


def _bodies(
    rng: Random, kind: Configuration, axles: tuple[float, ...], cab: float, length: float
) -> tuple[tuple[Interval, ...], float | None]:
    if not kind.drawbar:
        gap = rng.uniform(0.6, 1.0) if kind.trailer_axles else 0.05
        return ((cab + gap, length),), None
    truck_end = axles[kind.axles - kind.trailer_axles - 1] + rng.uniform(1.0, 1.3)
    trailer_start = truck_end + rng.uniform(1.3, 1.7)
    return ((cab + 0.05, truck_end), (trailer_start, length)), rng.uniform(0.4, 0.8)


def _suspension(rng: Random, wanted: str | None, train: bool) -> tuple[bool, bool]:
    if wanted is not None:
        return wanted == "air", wanted == "air"
    front = rng.random() < 0.4
    return front, (rng.random() < 0.5 if train else front)


def _papers(
    kind: Configuration,
    plate: str,
    tare_g: int,
    limit_g: int,
    length_m: float,
    height_m: float,
    axles: tuple[float, ...],
    air: bool,
) -> RegisterEntry:
    tandem = kind.trailer_axles == 2 and not kind.drawbar
    spacing = round((axles[-1] - axles[-2]) * 1000) if tandem else None
    return RegisterEntry(
        plate=plate,
        axles=kind.axles,
        kind="train" if kind.trailer_axles else "truck",
        single_drive_axle=kind.single_drive_axle,
        single_tyre_axles=0,
        wide_tyres=False,
        air_suspension_drive=air,
        trailer_tandem_spacing_mm=spacing,
        licence_gvm_g=limit_g,
        licence_payload_g=limit_g - tare_g // 100_000 * 100_000,
        height_mm=round(height_m * 1000),
        width_mm=2500,
        length_mm=round(length_m * 1000),
    )
