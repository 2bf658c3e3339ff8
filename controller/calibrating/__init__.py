"""Guided calibration: steps, readings, dialogue, and the table before it is accepted."""
