"""Codes of everything that can be wrong; their meaning and remedy stand in ``faults.toml``."""

from __future__ import annotations

from enum import IntEnum


class Fault(IntEnum):
    """A fault or alarm by its code; the catalogue says meaning, likely cause and first action."""

    # 1xx: the lane itself
    START_NOT_READY = 101
    BLIND = 102
    BOOM_MOVED = 103
    BOOM_NOT_CLOSED = 104
    ZERO_NOT_RETURNED = 105
    UNDER_RANGE = 106
    LEDGER_SILENT = 107
    EMERGENCY_STOP = 108
    MANUAL_MODE = 109
    UNEXPECTED_LOAD = 110
    LEDGER_AWAY = 111
    # 2xx: the passage
    NOT_POSITIONED = 201
    NOT_STEADY = 202
    SECOND_VEHICLE = 203
    CELLS_DISAGREE = 204
    OVER_CAPACITY = 205
    WEIGHT_WITHDRAWN = 206
    DID_NOT_BOARD = 207
    DID_NOT_LEAVE = 208
    OPERATOR_WANTED = 209
    BROKE_OUT = 210
    ENTRY_BOOM_OPEN = 211
    WEIGHT_STEP = 212
    WEIGHT_SCALED = 213
    DECK_PROPPED = 214
    ZERO_DRIFTS = 215
    SCALE_GAIN = 216
    TARE_DEVIATES = 217
    AXLES_DIFFER = 218
    DEGRADED_WEIGHING = 219
    PLATE_UNCONFIRMED = 220
    # 3xx: devices
    CELLS_SILENT = 301
    SENSOR_SILENT = 302
    GATE_CONTRADICTION = 303
    CAMERA_SILENT = 304
    SIGN_SILENT = 305
    CLOCK_UNSET = 306
    RECOGNITION_DOWN = 307
    CAMERA_STALE = 308
    CAMERA_DARK = 309
    CAMERA_BRIGHT = 310
    CAMERA_BLURRED = 311
    CAMERA_BLOCKED = 312
    THERMOMETER_SILENT = 313
    CERTIFICATE_LAPSED = 314
    CLOCK_STEPPED = 315
    # 4xx: the ledger
    DISK_FULL = 401
    LEDGER_READ_ONLY = 402
    LEDGER_DAMAGED = 403
    LEDGER_BUSY = 404
    LEDGER_RECOVERED = 405
    DISK_FILLING = 406
    DISK_NEARLY_FULL = 407
    MEDIA_FREED = 408
    UPKEEP_FAILED = 409
    DISK_ERROR = 410
    MEDIA_SPOILED = 411
    # 5xx: what stands in the yard, and the wires to it
    LINE_DOWN = 501
    DEVICE_TROUBLE = 502
