"""Hardware in the loop: the real firmware in its interpreter, the yard behind its pins."""
