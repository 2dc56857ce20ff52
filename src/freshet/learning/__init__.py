"""Layer 4: the online ranker, its examples, calibration and evaluation."""
