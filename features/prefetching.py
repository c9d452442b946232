"""Tells the processor which memory is due soon, so that it is in the cache by then."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_untracked
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

# What LLVM's prefetch asks to be told: to read, to keep in every cache, data.
_READ, _KEEP, _DATA = 0, 3, 1


@intrinsic
def prefetch(typing: Any, array: Any, place: Any) -> Any:
    """Ask for the cache line of a place in a contiguous array; nothing waits for it or changes."""
    signature = types.void(array, place)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        offset = context.cast(builder, arguments[1], signature.args[1], types.intp)
        address = builder.bitcast(builder.gep(data, [offset]), cgutils.voidptr_t)
        number = cgutils.int32_t
        kind = cgutils.ir.FunctionType(
            cgutils.ir.VoidType(), [cgutils.voidptr_t, number, number, number]
        )
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [address, number(_READ), number(_KEEP), number(_DATA)])
        return impl_ret_untracked(
            context, builder, signature.return_type, context.get_dummy_value()
        )

    return signature, generate
