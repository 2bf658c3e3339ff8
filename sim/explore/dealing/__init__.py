"""The parts of what a seed deals; each draws from a generator of its own."""
