"""How often the real recogniser errs on the yard's pictures, measured, for runs without pixels."""
