"""Who may do what at the console, from looking to changing what the law has a say in."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Each may do all that those before it may.

    VIEWER looks.  OPERATOR decides about vehicles.  MAINTAINER moves and tests devices and changes
    settings.  ADMIN changes legal parameters and accounts.
    """

    VIEWER = 0
    OPERATOR = 1
    MAINTAINER = 2
    ADMIN = 3
