"""Commissioning: every device of a lane exercised by a technician, with a dated report."""
