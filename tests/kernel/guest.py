"""Runs in the virtual machine: drivers of this project on the kernel's own drivers, one line each.

Needs nothing but the project and its libraries.  Exit status 0: every check passed.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable

import guest_gpio
import guest_lines
import guest_others

CHECKS: tuple[Callable[[], str], ...] = (
    *guest_gpio.CHECKS,
    *guest_lines.CHECKS,
    *guest_others.CHECKS,
)


def main() -> int:
    """Run all checks, whatever became of those before; the number of failures, at most 100."""
    failures = 0
    for check in CHECKS:
        began_s = time.monotonic()
        name = check.__name__.replace("_", " ")
        try:
            word, seen = "pass", check()
        except Exception as error:
            failures += 1
            word, seen = "FAIL", f"{type(error).__name__}: {error}"
            traceback.print_exc(file=sys.stdout)
        sys.stdout.write(f"{word}  {name}: {seen} ({time.monotonic() - began_s:.1f} s)\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(CHECKS) - failures} of {len(CHECKS)} checks passed\n")
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main())
