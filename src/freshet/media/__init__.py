"""Layer 5: what a video file is known by, and which videos are copies of another."""
