"""Layer 9: data set readers, replay, simulation, benchmarks."""
