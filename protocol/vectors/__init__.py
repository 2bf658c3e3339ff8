"""Conformance vectors: ledgers, sound or tampered with, and what a verifier has to find."""
