"""Layer 5: videos near a vector, and videos on the rise: caches beside the live state."""
