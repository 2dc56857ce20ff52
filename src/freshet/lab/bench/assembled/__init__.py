"""A feed assembled from parts, as a team would do it: FastAPI, faiss and LightGBM.

night    folds the past into counters, trains, saves       table    the inputs of a ranking
app      serves                                            beside   the same load on it
"""
