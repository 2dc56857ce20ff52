"""Layer 7: decode, call, encode."""
