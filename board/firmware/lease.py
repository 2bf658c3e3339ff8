"""The host's lease on the outputs, and the epoch that it must name.

A frame of levels renews the lease only where it names the present epoch.  The epoch changes at
every start and at every loss of the lease, so that what was said before either moves nothing: the
host must first have heard of it.
"""

from moment import elapsed

EPOCHS = 0x10000
NO_EPOCH = 0


def begin(starts: int) -> int:
    """The first epoch after this many starts; never NO_EPOCH, never that of the start before."""
    return starts * 257 % (EPOCHS - 1) + 1


class Lease:
    """Fresh for ``limit_ms`` after a frame of levels with the right epoch."""

    def __init__(self, starts: int, limit_ms: int) -> None:
        self.epoch = begin(starts)
        self.limit_ms = limit_ms
        self.losses = 0
        self.held = False
        self._renewed_ms = 0

    def renew(self, epoch: int, now_ms: int) -> bool:
        """Take a frame of levels; False where its epoch is not the present one."""
        self.fresh(now_ms)
        if epoch != self.epoch:
            return False
        self.held = True
        self._renewed_ms = now_ms
        return True

    def fresh(self, now_ms: int) -> bool:
        """Whether the host may be obeyed now; a lease that ran out begins a new epoch."""
        if self.held and elapsed(now_ms, self._renewed_ms) > self.limit_ms:
            self.lose()
        return self.held

    def lose(self) -> None:
        """Give the lease up."""
        self.held = False
        self.losses = (self.losses + 1) & 0xFF
        self.epoch = self.epoch % (EPOCHS - 1) + 1
