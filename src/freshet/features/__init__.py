"""Layer 3: one file per feature: what events write, what rankers read."""
