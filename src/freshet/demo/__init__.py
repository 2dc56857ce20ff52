"""The demo: a small world with life in it, and a player in the browser to swipe through it."""
