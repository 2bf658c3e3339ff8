"""Converters that turn the millivolts of bare load cells into counts."""
