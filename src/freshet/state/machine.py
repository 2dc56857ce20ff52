"""What compiled kernels need and numba cannot say: sums of products that stay in registers, and
rows asked for before they are needed.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

COLUMNS, EIGHT = 24, 8  # of `put_products`: three registers of sums
ROWS, LANES = 6, 16  # of a tile: 12 registers of sums, with the 16 registers that x86-64 has
LINE_BYTES = 64
WORD = 4  # bytes

_FLOAT, _INT = ir.FloatType(), ir.IntType(64)


def _floats(context: Any, builder: Any, kind: Any, array: Any) -> tuple[Any, Any]:
    """Pointer to the first float of a C-contiguous 2-d array, and the length of its rows."""
    made = context.make_array(kind)(context, builder, array)
    return made.data, cgutils.unpack_tuple(builder, made.shape, 2)[1]


@intrinsic
def add_products(
    typing_context: Any, left: Any, right: Any, first: Any, end: Any, lane: Any, out: Any
) -> Any:
    """out[r, lane + q] += sum over j of left[r, j] * right[j, lane + q], j from first to end.

    For ROWS rows r and LANES columns q, all at once; each sum is made in the order of j by a
    product, then an addition, as if it were made alone: the same bits.

    Args:
        left: float32 (ROWS, any). right: float32 (any, multiple of LANES).
        out: float32 (ROWS, multiple of LANES). All C-contiguous.
    """
    signature = types.int32(left, right, types.int64, types.int64, types.int64, out)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        lefts, left_width = _floats(context, builder, kinds[0], given[0])
        rights, right_width = _floats(context, builder, kinds[1], given[1])
        outs, out_width = _floats(context, builder, kinds[5], given[5])
        begin, stop, at = given[2:5]
        vector = ir.VectorType(_FLOAT, LANES)
        places, sums = [], []
        for r in range(ROWS):
            row = builder.add(builder.mul(ir.Constant(_INT, r), out_width), at)
            place = builder.bitcast(builder.gep(outs, [row]), vector.as_pointer())
            total = cgutils.alloca_once(builder, vector)
            builder.store(builder.load(place, align=WORD), total)
            places.append(place)
            sums.append(total)
        with cgutils.for_range_slice(builder, begin, stop, ir.Constant(_INT, 1)) as (j, _):
            weights_at = builder.gep(rights, [builder.add(builder.mul(j, right_width), at)])
            weights_at = builder.bitcast(weights_at, vector.as_pointer())
            weights = builder.load(weights_at, align=WORD)
            for r in range(ROWS):
                row = builder.add(builder.mul(ir.Constant(_INT, r), left_width), j)
                one = builder.load(builder.gep(lefts, [row]))
                single = ir.Constant(vector, ir.Undefined)
                single = builder.insert_element(single, one, ir.Constant(ir.IntType(32), 0))
                zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
                spread = builder.shuffle_vector(single, single, zeros)
                product = builder.fmul(spread, weights)
                builder.store(builder.fadd(builder.load(sums[r]), product), sums[r])
        for place, total in zip(places, sums, strict=True):
            builder.store(builder.load(total), place, align=WORD)
        return ir.Constant(ir.IntType(32), 0)

    return signature, generate


@intrinsic
def put_products(
    typing_context: Any, floats: Any, left: Any, right: Any, count: Any, out: Any
) -> Any:
    """floats[out + q] = sum over j of floats[left + j] * floats[right + j * COLUMNS + q], j up to
    `count`, for all COLUMNS q at once; each sum in the order of j, as if it were made alone.

    Args:
        floats: float32 (any,), C-contiguous.
    """
    signature = types.int32(floats, types.int64, types.int64, types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, given[0]).data
        left, right, count, out = given[1:]
        vector = ir.VectorType(_FLOAT, EIGHT)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), EIGHT), [0] * EIGHT)

        def place(at: Any, part: int) -> Any:
            here = builder.add(at, ir.Constant(_INT, part * EIGHT))
            return builder.bitcast(builder.gep(data, [here]), vector.as_pointer())

        sums = [cgutils.alloca_once(builder, vector) for _ in range(COLUMNS // EIGHT)]
        for total in sums:
            builder.store(ir.Constant(vector, [0.0] * EIGHT), total)
        with cgutils.for_range(builder, count) as loop:
            one = builder.load(builder.gep(data, [builder.add(left, loop.index)]))
            single = ir.Constant(vector, ir.Undefined)
            single = builder.insert_element(single, one, ir.Constant(ir.IntType(32), 0))
            spread = builder.shuffle_vector(single, single, zeros)
            row = builder.add(right, builder.mul(loop.index, ir.Constant(_INT, COLUMNS)))
            for part, total in enumerate(sums):
                product = builder.fmul(spread, builder.load(place(row, part), align=WORD))
                builder.store(builder.fadd(builder.load(total), product), total)
        for part, total in enumerate(sums):
            builder.store(builder.load(total), place(out, part), align=WORD)
        return ir.Constant(ir.IntType(32), 0)

    return signature, generate


@intrinsic
def fetch_row(typing_context: Any, block: Any, row: Any) -> Any:
    """Ask memory for a row of a block (n, width); it is there a little later.

    Rows are read at random, and the processor waits longer for one than a feature works with
    it; but it can wait for many at once, if they are asked for ahead.
    """
    signature = types.int32(block, types.int64)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data, width = _floats(context, builder, signature.args[0], given[0])
        byte = ir.IntType(8).as_pointer()
        start = builder.bitcast(builder.gep(data, [builder.mul(given[1], width)]), byte)
        int32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, int32, int32, int32])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        step = ir.Constant(_INT, LINE_BYTES)
        words = ir.Constant(_INT, WORD)
        # To the line that the last word is in, wherever in a line the row begins.
        past = builder.add(builder.mul(width, words), ir.Constant(_INT, LINE_BYTES - WORD))
        with cgutils.for_range_slice(builder, ir.Constant(_INT, 0), past, step) as (at, _):
            read, everywhere, data_cache = (ir.Constant(int32, n) for n in (0, 3, 1))
            builder.call(fetch, [builder.gep(start, [at]), read, everywhere, data_cache])
        return ir.Constant(int32, 0)

    return signature, generate


if config.DISABLE_JIT:  # as plain Python: the sums by themselves, and nothing is awaited

    def add_products(left: Any, right: Any, first: int, end: int, lane: int, out: Any) -> int:
        for j in range(first, end):
            for r in range(ROWS):
                out[r, lane : lane + LANES] += left[r, j] * right[j, lane : lane + LANES]
        return 0

    def put_products(floats: Any, left: int, right: int, count: int, out: int) -> int:
        floats[out : out + COLUMNS] = 0
        for j in range(count):
            row = right + j * COLUMNS
            floats[out : out + COLUMNS] += floats[left + j] * floats[row : row + COLUMNS]
        return 0

    def fetch_row(block: Any, row: int) -> int:
        return 0
