"""Layer 6: each surface, declared."""
