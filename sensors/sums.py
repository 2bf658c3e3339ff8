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


def windows(values: FloatArray, length: int, every: int, count: int) -> FloatArray:
    """The `length` values up to each of the last `count` ends of `every`, a view (count, length).

    Values (n,) with n >= length + (count - 1) * every; the last end is that of the values.
    """
    begin = len(values) - length - (count - 1) * every
    return np.lib.stride_tricks.sliding_window_view(values, length)[begin::every]


def window_sums(rows: FloatArray, length: int, every: int, count: int) -> FloatArray:
    """The sums (count, columns) of such windows of rows (n, columns), added row by row.

    As `column_means` adds them, to the last bit.
    """
    begin, span_rows = len(rows) - length - (count - 1) * every, (count - 1) * every + 1
    out = np.zeros((count, rows.shape[1]))
    for row in range(begin, begin + length):
        out += rows[row : row + span_rows : every]
    return out
