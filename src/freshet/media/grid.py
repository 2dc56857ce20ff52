"""Small pictures on square grids: resized, blurred, stretched, all as products of matrices.

Places on a picture run from −1 to 1 in both directions, whatever its number of cells is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]  # (..., rows, columns)
Matrix = NDArray[np.float32]
Sampling = tuple[Matrix, NDArray[np.bool_]]


def resized(pictures: NDArray[Any], cells: int, box: tuple[int, int, int, int]) -> Grid:
    """The box (top, bottom, left, right) as `cells` × `cells`, each the mean of what it covers."""
    top, bottom, left, right = box
    down = averaging(pictures.shape[-2], top, bottom, cells)
    across = averaging(pictures.shape[-1], left, right, cells)
    return np.asarray(down @ pictures.astype(np.float32) @ across.T, np.float32)


@cache
def averaging(had: int, begin: int, end: int, cells: int) -> Matrix:
    """(cells, had): the share that each of `had` cells has in a cell between begin and end."""
    edges = np.linspace(begin, end, cells + 1)
    low, high = edges[:-1, None], edges[1:, None]
    k = np.arange(had)[None]
    shares = np.clip(np.minimum(high, k + 1) - np.maximum(low, k), 0, None)
    return np.asarray(shares / shares.sum(1, keepdims=True), np.float32)


@cache
def blurring(cells: int, sigma: float) -> Matrix:
    """(cells, cells): a Gaussian along one direction, whole also at the edges."""
    k = np.arange(cells)
    weights = np.exp(-0.5 * ((k[:, None] - k[None]) / sigma) ** 2)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def blurred(pictures: Grid, sigma: float) -> Grid:
    rows, columns = pictures.shape[-2:]
    made = blurring(rows, sigma) @ pictures @ blurring(columns, sigma).T
    return np.asarray(made, np.float32)


def places(cells: int) -> NDArray[np.float32]:
    """Where the middle of each cell is."""
    return np.asarray((2 * np.arange(cells) + 1) / cells - 1, np.float32)


def sampling(cells: int, scale: float, shift: float) -> Sampling:
    """(cells, cells) that reads a line at scale · place + shift, and which places lie on it.

    Between cells by Keys' cubic convolution (1981): a straight line there would blur details,
    and two pictures that differ by a blur are less alike.
    """
    at = scale * places(cells) + shift
    x = np.clip((at + 1) * cells / 2 - 0.5, 0, cells - 1)
    low = x.astype(int)
    p = (x - low).astype(np.float32)
    weights = (
        ((2 - p) * p - 1) * p / 2, ((3 * p - 5) * p * p + 2) / 2,
        ((4 - 3 * p) * p + 1) * p / 2, (p - 1) * p * p / 2,
    )  # fmt: skip
    matrix = np.zeros((cells, cells), np.float32)
    for step, weight in enumerate(weights, -1):
        np.add.at(matrix, (np.arange(cells), np.clip(low + step, 0, cells - 1)), weight)
    return matrix, np.abs(at) <= 1.0
