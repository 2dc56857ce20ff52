"""How kernels are compiled: cached on disk by what they were made of, and joined by address.

Two things numba does not do by itself:

*Stale code.* Its cache looks at the file a kernel stands in, not at the files of what the
kernel calls. Ours is a folder named by a digest of every file that holds a kernel and of all
they import, so any change of those compiles anew and nothing old is ever run.

*Joining.* A kernel that calls another swallows it: numba links and optimises the callee
again at every level, which for a hundred features takes minutes. `call_at` calls a compiled
kernel by its address, so features, learner and fold are each compiled once, apart.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

PACKAGE = Path(__file__).parent.parent
ROOMS = ("state", "catalogue", "features", "learning")
MAKES = re.compile(r"^ *@(kernel|allocating|inlined|part)\b|\bgenerated\(", re.MULTILINE)
IMPORTS = re.compile(r"^from freshet\.([\w.]+) import", re.MULTILINE)


def sources() -> dict[str, bytes]:
    """Every file that holds a kernel, and what those import: a constant may stand there."""
    found: dict[str, bytes] = {}
    texts = {path: path.read_bytes() for room in ROOMS for path in (PACKAGE / room).glob("*.py")}
    left = [path for path, text in texts.items() if MAKES.search(text.decode())]
    while left:
        path = left.pop()
        name = path.relative_to(PACKAGE).as_posix()
        if name not in found and path.exists():
            found[name] = path.read_bytes()
            for module in IMPORTS.findall(found[name].decode()):
                left.append((PACKAGE / module.replace(".", "/")).with_suffix(".py"))
    return found


def digest_of_sources() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for name, text in sorted(sources().items()):
        digest.update(name.encode())
        digest.update(text)
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept: NUMBA_CACHE_DIR, else the user's cache."""
    given = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    base = Path(given) if given else Path.home() / ".cache"
    return base / "freshet" / digest_of_sources()


numba.config.CACHE_DIR = str(cache_folder())


def generated(source: str, space: dict[str, Any], name: str) -> Any:
    """The function `name` of generated `source`, from a file so that numba can cache it."""
    folder = Path(numba.config.CACHE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}_{hashlib.sha256(source.encode()).hexdigest()[:12]}.py"
    if not file.exists():
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_text(source)
        os.utime(unfinished, (0, 0))  # numba compares times: the same text must look the same
        unfinished.rename(file)
    space["__name__"] = __name__  # numba imports it again when it loads what it kept
    exec(compile(source, str(file), "exec"), space)
    return space[name]


@intrinsic
def call_at(typing_context: Any, address: Any, arguments: Any) -> Any:
    """Call the compiled kernel at `address` with a tuple of arguments; it returns nothing.

    The kernel must have been compiled for exactly these types.
    """
    signature = types.none(types.int64, arguments)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = tuple(arguments)
        values = cgutils.unpack_tuple(builder, given[1])
        function_type = context.call_conv.get_function_type(types.none, kinds)
        callee = builder.inttoptr(given[0], function_type.as_pointer())
        status, _ = context.call_conv.call_function(builder, callee, types.none, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return signature, generate


def address_of(kernel: Any, *arguments: Any) -> int:
    """Address of a kernel compiled for the types of `arguments`; keep the kernel alive."""
    kinds = tuple(numba.typeof(argument) for argument in arguments)
    kernel.compile(kinds)
    compiled = kernel.overloads[kinds]
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


if numba.config.DISABLE_JIT:  # kernels run as plain Python: slow, but open to a debugger
    np.seterr(over="ignore")  # hashes wrap around
    _kernels: list[Any] = []

    def call_at(address: int, arguments: tuple[Any, ...]) -> None:
        _kernels[address](*arguments)

    def address_of(kernel: Any, *arguments: Any) -> int:
        _kernels.append(kernel)
        return len(_kernels) - 1


# Every kernel is compiled with these. Division follows IEEE 754 instead of raising, else a
# loop with a division cannot use vector instructions; no fast-math, so that results are the
# same bits whatever the compiler would like to reorder.
#
# Without numba's runtime a kernel counts no references: its arrays belong to whoever called
# it. Counting them, for each of the state's 33 arrays and each video, was nine tenths of what
# features cost, and half of the compiling. Such a kernel cannot make arrays.
kernel = numba.njit(cache=True, error_model="numpy", _nrt=False)
# For a kernel that makes arrays. Said aloud, or its caller's setting would hold for it too.
allocating = numba.njit(cache=True, error_model="numpy", _nrt=True)
# Put into its callers before they are compiled: a loop over it can use vector instructions.
# (Inlined later, a short loop has been unrolled around the calls by then.)
inlined = numba.njit(error_model="numpy", _nrt=False, inline="always")
part = inlined  # of a composed kernel, never called by itself
