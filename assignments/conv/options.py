"""The options that the handout documents: each value, and each pair of values that interact, has a hidden case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.checks import Case, Coverage, Option, covers, option

AXES = ("height", "width")
MORE = ("1", "more")
PADDING = ("VALID", "SAME", "numbers")
PARITY = ("odd", "even")


def _padding(padding: Any) -> str:
    return padding if isinstance(padding, str) else "numbers"


def _parity(n: int) -> str:
    return "even" if n % 2 == 0 else "odd"


def _more(n: int) -> str:
    return "1" if n == 1 else "more"


def _of(case: Case, name: str, axis: int) -> int:
    """The stride or dilation of one axis; the handout's default where the call leaves it out."""
    return int(case.static.get(name, (1, 1))[axis])


def _zero_after(case: Case) -> str | None:
    padding = case.static.get("padding", "SAME")
    if isinstance(padding, str):
        return None
    return "none below" if padding[0][1] == 0 else "some below"


def _convolution(function: str, image_at: int, kernel_at: int) -> Coverage:
    """Options of ``conv2d`` and ``conv2d_backward``, whose arguments stand in different places."""

    def kernel(case: Case, axis: int) -> int:
        return int(case.args[kernel_at].shape[axis])

    def same(case: Case, axis: int) -> str | None:
        if _padding(case.static.get("padding", "SAME")) != "SAME":
            return None
        return f"{_parity(kernel(case, axis))}, stride {_more(_of(case, 'strides', axis))}"

    def remainder(case: Case, axis: int) -> str | None:
        stride = _of(case, "strides", axis)
        if stride == 1 or _padding(case.static.get("padding", "SAME")) != "SAME":
            return None
        return "none" if case.args[image_at].shape[1 + axis] % stride == 0 else "some"

    padding = option("padding", PADDING, lambda case: _padding(case.static.get("padding", "SAME")))
    groups = option("groups", MORE, lambda case: _more(case.static.get("groups", 1)))
    alone = (
        option("batch", MORE, lambda case: _more(case.args[image_at].shape[0])),
        option("filters", ("depthwise", "no"), lambda case: "depthwise" if _depthwise(case, kernel_at) else "no"),
        option("keywords", ("left out", "given"), lambda case: "given" if case.static else "left out"),
        option("padding below", ("none below", "some below"), _zero_after),
    )
    options: list[Option] = [padding, groups, *alone]
    together: list[tuple[Option, Option]] = [(padding, groups)]
    for axis, name in enumerate(AXES):
        taps = option(f"kernel {name}", PARITY, lambda case, axis=axis: _parity(kernel(case, axis)))
        stride = option(f"stride {name}", MORE, lambda case, axis=axis: _more(_of(case, "strides", axis)))
        dilation = option(f"dilation {name}", MORE, lambda case, axis=axis: _more(_of(case, "dilation", axis)))
        kinds = [f"{parity}, stride {stride}" for parity in PARITY for stride in MORE]
        options += [
            taps,
            stride,
            dilation,
            option(f"SAME {name}", kinds, lambda case, axis=axis: same(case, axis)),
            option(f"SAME {name}, remainder", ("none", "some"), lambda case, axis=axis: remainder(case, axis)),
        ]
        together += [(padding, taps), (padding, stride), (padding, dilation)]
        together += [(taps, stride), (taps, dilation), (stride, dilation)]
        together += [(groups, taps), (groups, stride), (groups, dilation)]
    return covers(function, *options, together=together)


def _depthwise(case: Case, kernel_at: int) -> bool:
    groups = case.static.get("groups", 1)
    return bool(groups > 1 and case.args[kernel_at].shape[2] == 1)


def _pooling(function: str, *more: Option, with_padding: Option | None = None) -> Coverage:
    """Options of the pooling functions; ``with_padding`` is one that each kind of padding needs."""
    padding = option("padding", PADDING, lambda case: _padding(case.static["padding"]))
    options = [padding, *more]
    for axis, name in enumerate(AXES):
        options += [
            option(f"window {name}", PARITY, lambda case, axis=axis: _parity(case.static["window"][axis])),
            option(f"SAME {name}", PARITY, _same_windows(axis)),
        ]
    options.append(option("steps", ("overlapping", "side by side", "gaps"), _steps))
    return covers(function, *options, together=[(padding, with_padding)] if with_padding else [])


def _same_windows(axis: int) -> Callable[[Case], str | None]:
    return lambda case: _parity(case.static["window"][axis]) if case.static["padding"] == "SAME" else None


def _steps(case: Case) -> str:
    (height, _), (stride, _) = case.static["window"], case.static["strides"]
    return "side by side" if height == stride else "overlapping" if height > stride else "gaps"


def _ratio(case: Case, axis: int) -> str:
    pixels, out = case.args[0].shape[1 + axis], case.static["out"][axis]
    if out == 1:
        return "one"
    if pixels == out:
        return "the same"
    return "more" if out > pixels else "fewer, divides" if pixels % out == 0 else "fewer, with a rest"


def _left_over(case: Case) -> str:
    _, rows, columns, _ = case.args[1].shape
    return "none" if rows % 4 == columns % 4 == 0 else "at both poolings"


def _network_channels(case: Case) -> str:
    return _more(case.args[1].shape[3])


_SIZE_PADDING = option("padding", PADDING, lambda case: _padding(case.static["padding"]))
_SIZE_DILATION = option("dilation", MORE, lambda case: _more(case.static["dilation"]))
_SIZE_STRIDE = option("stride", MORE, lambda case: _more(case.static["stride"]))


def _size_same(case: Case) -> str | None:
    if case.static["padding"] != "SAME" or case.static["stride"] == 1:
        return None
    return "divides" if case.static["size"] % case.static["stride"] == 0 else "rest"


output_size_options = covers(
    "output_size",
    _SIZE_PADDING,
    _SIZE_DILATION,
    _SIZE_STRIDE,
    option("SAME with a stride", ("divides", "rest"), _size_same),
    together=[(_SIZE_PADDING, _SIZE_DILATION)],
)
conv2d_options = _convolution("conv2d", image_at=0, kernel_at=1)
conv2d_backward_options = _convolution("conv2d_backward", image_at=1, kernel_at=2)
max_pool_options = _pooling("max_pool")
max_pool_backward_options = _pooling("max_pool_backward")
_COUNTED = option("count_include_pad", ("True", "False"), lambda case: str(case.static["count_include_pad"]))
avg_pool_options = _pooling("avg_pool", _COUNTED, with_padding=_COUNTED)
_RATIOS = ("one", "the same", "more", "fewer, divides", "fewer, with a rest")
adaptive_avg_pool_options = covers(
    "adaptive_avg_pool",
    option("rows", ("one", "more", "fewer, divides", "fewer, with a rest"), lambda case: _ratio(case, 0)),
    option("columns", ("the same", "more", "fewer, divides", "fewer, with a rest"), lambda case: _ratio(case, 1)),
)
cnn_forward_options = covers(
    "cnn_forward",
    option("pixels left over", ("none", "at both poolings"), _left_over),
    option("channels", MORE, _network_channels),
    option("batch", MORE, lambda case: _more(case.args[1].shape[0])),
)
