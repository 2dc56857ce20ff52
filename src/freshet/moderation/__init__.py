"""Layer 5: what may not be recommended, who decided that and why, and how it is undone."""
