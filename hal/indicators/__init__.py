"""Weighing indicators: codecs (`*_frames`), what is believed of a frame, a driver per family."""
