"""Videos made to stall for a known cause, and whether the diagnosis names it."""
