"""Layer 1: candidates, stages and the pipeline that runs them."""
