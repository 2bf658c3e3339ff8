"""Voices: synthesis modules on a line, and clips from files."""
