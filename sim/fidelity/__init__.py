"""How alike the yard's weighings and recorded ones are: the same measures over both."""
