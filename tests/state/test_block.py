"""Rows that never move, and that another process can read while they are written."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from freshet.domain.errors import Broken, Unavailable
from freshet.state import block
from freshet.state.block import Block
from freshet.state.compiled import kernel
from freshet.state.memory import Mapped, Shared

ROWS, WIDTH = 4, 512  # a row is long enough to be caught half written

# The second process: reads until it has met many states, counts rows that are of two.
READER = """
import sys
import numpy as np
from freshet.domain.errors import Unavailable
from freshet.state.block import Block
from freshet.state.memory import Mapped
block = Block("busy", {width}, {rows}, Mapped({{"busy": int(sys.argv[1])}}))
rows = np.arange({rows})
block.read(rows, tries=100_000)
print("ready", flush=True)
torn, met = 0, set()
while len(met) < 2_000:
    try:
        copies = block.read(rows, tries=1_000)
    except Unavailable:
        continue
    torn += int((copies != copies[:, :1]).any())
    met.add(int(copies[0, 0]))
print(torn)
"""


@kernel
def write_rounds(words, sequence, rounds):  # type: ignore[no-untyped-def]
    """Every word of a row becomes the number of the round."""
    first = words[0, 0] + 1
    for k in range(first, first + rounds):
        row = k % words.shape[0]
        block.begin(sequence, row)
        for j in range(words.shape[1]):
            words[row, j] = k
        block.end(sequence, row)


def test_rows_never_move_however_many_are_written() -> None:
    rows = Block("still", 8, 1 << 16)
    address = rows.ints.ctypes.data
    for row in (0, 1, 1 << 10, (1 << 16) - 1):
        rows.floats[row] = 1.5
    assert rows.ints.ctypes.data == address
    assert rows.floats[1 << 10].tolist() == [1.5] * 8
    assert not rows.floats[2].any()


def test_floats_and_ints_are_the_same_words() -> None:
    rows = Block("words", 2, 4)
    rows.floats[1, 0] = 1.0
    assert rows.ints[1].tolist() == [0x3F800000, 0]


def test_more_rows_than_reserved_are_refused_with_the_way_out() -> None:
    rows = Block("full", 2, 4)
    rows.check_room(4)
    with pytest.raises(Unavailable, match="'full' is full at 4 rows; raise its capacity"):
        rows.check_room(5)


def test_a_shared_block_is_read_as_it_was_written() -> None:
    memory = Shared()
    written = Block("shared", 3, 8, memory)
    written.ints[5] = (7, 8, 9)
    read = Block("shared", 3, 8, Mapped(memory.files))
    assert read.read(np.array([5, 0])).tolist() == [[7, 8, 9], [0, 0, 0]]
    written.ints[0] = 4
    assert read.ints[0].tolist() == [4, 4, 4]


def test_a_reader_of_another_layout_is_told_so() -> None:
    memory = Shared()
    Block("shared", 700, 8, memory)
    with pytest.raises(Broken, match="the region 'shared' has 22432 bytes, not 22464"):
        Block("shared", 701, 8, Mapped(memory.files))
    with pytest.raises(Broken, match="shares no region 'other'"):
        Block("other", 701, 8, Mapped(memory.files))


def test_what_was_mapped_lives_on_when_its_writer_let_go() -> None:
    memory = Shared()
    Block("shared", 3, 8, memory).ints[1] = 4
    reader = Block("shared", 3, 8, Mapped(memory.files))
    memory.close()
    assert reader.read(np.array([1])).tolist() == [[4, 4, 4]]


def test_a_row_that_stays_in_the_middle_of_a_change_is_not_handed_out() -> None:
    rows = Block("busy", 2, 2)
    block.begin(rows.sequence, 1)
    rows.ints[1] = (1, 0)
    with pytest.raises(Unavailable, match="stayed busy"):
        rows.read(np.array([0, 1]), tries=3)
    rows.ints[1] = (1, 1)
    block.end(rows.sequence, 1)
    assert rows.read(np.array([0, 1])).tolist() == [[0, 0], [1, 1]]


def test_a_second_process_never_reads_half_a_change() -> None:
    memory = Shared()
    rows = Block("busy", WIDTH, ROWS, memory)
    file = memory.files["busy"]
    write_rounds(rows.ints, rows.sequence, 1)  # compiled before the race
    reader = subprocess.Popen(
        [sys.executable, "-c", READER.format(width=WIDTH, rows=ROWS), str(file)],
        stdout=subprocess.PIPE, text=True, pass_fds=[file],
    )  # fmt: skip
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    while reader.poll() is None:
        write_rounds(rows.ints, rows.sequence, 1_000)
    assert reader.stdout.read() == "0\n"
    assert reader.returncode == 0
