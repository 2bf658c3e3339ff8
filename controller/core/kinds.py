"""The words of the lane: every enumeration that an image or a phase is made of."""

from __future__ import annotations

from enum import IntEnum


class End(IntEnum):
    """The two ends of the deck: towards the yard (货场侧) and towards the public road (公路侧)."""

    YARD = 0
    ROAD = 1

    @property
    def other(self) -> End:
        return End(1 - self)


class View(IntEnum):
    """What a camera shows of a vehicle that comes in at its end."""

    FRONT = 0
    REAR = 1


class PlateStand(IntEnum):
    """By what right a passage has its plate; the last three are a named person's word.

    HELD: no plate that the lane may use.  AUTO: it stands by itself.  PROPOSED: it waits for a
    person.  ENTERED: given where the lane had none to propose.
    """

    HELD = 0
    AUTO = 1
    PROPOSED = 2
    CONFIRMED = 3
    CORRECTED = 4
    ENTERED = 5


class Presence(IntEnum):
    """What a beam or loop says; a cut cable, a dead device and a contradiction are UNKNOWN.

    NOT_FITTED is a fact of the site file, not of a device.
    """

    UNKNOWN = 0
    CLEAR = 1
    BLOCKED = 2
    NOT_FITTED = 3


class BoomPosition(IntEnum):
    """Position by the two limit switches; both made at once is UNKNOWN, none made is BETWEEN."""

    UNKNOWN = 0
    CLOSED = 1
    BETWEEN = 2
    OPEN = 3


class Deck(IntEnum):
    """What the scale says stands on it."""

    UNKNOWN = 0
    EMPTY = 1
    LOADED = 2
    OVER_RANGE = 3
    UNDER_RANGE = 4


class WayIn(IntEnum):
    """How far a vehicle has come in by its entry, as the loops there tell it."""

    OUTSIDE = 0
    ASTRIDE = 1
    PAST_APPROACH = 2
    INSIDE = 3


class WeighingStatus(IntEnum):
    """Where the weighing of the vehicle now on the deck has come to.

    DEGRADED: done on the cells that are left, so there is no weight that could be judged.
    TAMPERED: the load changed as no vehicle changes it, so no weight of it stands.
    """

    IDLE = 0
    RUNNING = 1
    ACCEPTED = 2
    NOT_FULLY_ON = 3
    TAILGATE = 4
    UNSTABLE = 5
    CELL_FAULT = 6
    WITHDRAWN = 7
    DEGRADED = 8
    TAMPERED = 9


class Withdrawal(IntEnum):
    """Why an accepted weight of the vehicle on the deck did not stand."""

    NONE = 0
    MOVED = 1
    LOAD_CHANGED = 2
    ROCKING = 3
    AXLE = 4
    CELL_FAULT = 5
    BEAM = 6


class ClockQuality(IntEnum):
    """How far the wall clock may be trusted."""

    UNKNOWN = 0
    FREE_RUNNING = 1
    SYNCHRONISED = 2


class RequestKind(IntEnum):
    """What a person may ask of the lane; every request carries who and why."""

    RELEASE = 1
    SEND_BACK = 2
    CONFIRM_PLATE = 3
    ENTER_MANUAL = 4
    LEAVE_MANUAL = 5
    RAISE_BOOM = 6
    LOWER_BOOM = 7
    RESET = 8
    ALLOW_DEGRADED = 9
    FORBID_DEGRADED = 10
    CLEAR_CELLS = 11
    ZERO = 12
    TEST_LAMP = 13
    TEST_SIGN = 14
    CONFIGURE = 15
    CALIBRATE = 16
    VOID = 17
    STOP_BOOM = 18


class BoomCommand(IntEnum):
    """The level held at a boom's drive; HOLD drives nothing."""

    HOLD = 0
    RAISE = 1
    LOWER = 2


class Lamp(IntEnum):
    """A lane signal; dark is not an answer, so there is no OFF."""

    RED = 0
    GREEN = 1


class Message(IntEnum):
    """What the sign says; the words in Chinese and English stand in ``words.toml``."""

    CLOSED = 0
    WELCOME = 1
    DRIVE_ON = 2
    FORWARD = 3
    BACK = 4
    SECOND_VEHICLE = 5
    STAND_STILL = 6
    WEIGHING = 7
    PASS = 8
    OVER = 9
    WAIT_FOR_OPERATOR = 10
    BACK_OUT = 11
    EMERGENCY = 12
    NO_RECORDS = 13
    TEST = 14


class Decision(IntEnum):
    """What the lane does with the vehicle."""

    HOLD = 0
    RELEASE = 1
    RETURN = 2


class RecordKind(IntEnum):
    """What a record is about; numbers are those of the ledger."""

    PASSAGE = 1
    RELEASE = 2
    AMENDMENT = 3
    VOID = 4
    MANUAL_MOVE = 5
    SERVICE = 6


class Phase(IntEnum):
    """Where the lane stands in a passage."""

    STARTING = 0
    IDLE = 1
    APPROACH = 2
    BOARDING = 3
    POSITIONING = 4
    WEIGHING = 5
    DECIDING = 6
    RELEASING = 7
    HOLDING = 8
    RETURNING = 9
    DEPARTING = 10
    ZERO_CHECK = 11
    FAULTED = 12
    MANUAL = 13
    EMERGENCY = 14
    CONFIRMING = 15
    LEDGER_AWAY = 16


# What guards and outputs ask for in every scan, as plain names: until Python 3.12 an attribute of
# an enumeration costs ten times a name.
UNKNOWN, CLEAR, BLOCKED, NOT_FITTED = Presence
BOOM_UNKNOWN, CLOSED, BETWEEN, OPEN = BoomPosition
DECK_UNKNOWN, EMPTY, LOADED, OVER_RANGE, UNDER_RANGE = Deck
HOLD, RAISE, LOWER = BoomCommand
RED, GREEN = Lamp
