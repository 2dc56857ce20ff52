"""Layer 0: ids, money, errors and events. Imports nothing of ours."""
