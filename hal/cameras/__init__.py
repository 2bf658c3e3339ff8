"""Cameras: streams that a thread grabs, and plate cameras that post their pictures."""
