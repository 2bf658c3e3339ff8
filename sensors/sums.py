"""Sums and means of a few numbers, as numpy gives them to the last bit but without its wrappers.

At ten looks a second over eight cells the wrappers of `mean` and `sum` cost more than the adding.
"""

import numpy as np

from sensors.calibration import FloatArray


def total(values: FloatArray) -> float:
    """The sum of values (n,)."""
    return float(np.add.reduce(values))


def mean(values: FloatArray) -> float:
    """The mean of values (n,), n > 0."""
    return float(np.add.reduce(values)) / len(values)


def column_means(rows: FloatArray) -> FloatArray:
    """The means (columns,) of rows (n, columns), n > 0."""
    return np.asarray(np.add.reduce(rows) / len(rows))


def row_sums(rows: FloatArray) -> FloatArray:
    """The sums (n,) of rows (n, columns)."""
    return np.asarray(np.add.reduce(rows, axis=1))


def span(values: FloatArray) -> float:
    """The distance from the smallest to the largest of values (n,), n > 0."""
    return float(np.maximum.reduce(values) - np.minimum.reduce(values))
