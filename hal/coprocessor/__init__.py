"""The I/O coprocessor: load cells, contacts, booms and lamps over one serial line.

``docs/coprocessor.md`` tells what crosses the line and what the other end does when it is silent.
"""

from hal.coprocessor.drivers import (
    CoprocessorCells,
    CoprocessorGate,
    CoprocessorInput,
    CoprocessorSignal,
)

__all__ = ["CoprocessorCells", "CoprocessorGate", "CoprocessorInput", "CoprocessorSignal"]
