"""The page of a run: what stood, what was said, what was done about it, on one axis of time."""
