"""Layer 1: the memory that folds write: blocks of rows, sets of pairs, interned names."""
