"""Layer 1: the event log and what follows it."""
