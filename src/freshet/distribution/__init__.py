"""Layer 5: a fair start for every new video, whoever made it."""
