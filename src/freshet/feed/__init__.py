"""Layer 5: sources, filters, scorers, selectors."""
