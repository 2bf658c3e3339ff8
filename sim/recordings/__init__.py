"""Recorded deck traces with truth, made by a model of truck, deck and converter."""
