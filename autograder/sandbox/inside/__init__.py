"""What runs inside the sandbox: standard library and JAX only, nothing of the engine.

``template`` imports JAX and forks; ``main`` serves one submission: it isolates the process (``isolation``), runs the
submission's modules (``loader``) and turns its functions into programs (``tracing``, ``lowering``); where derivatives
are the exercise, ``by_hand`` takes automatic differentiation away first.  Whatever student code does to this process,
all it can hand out is bytes, and nobody believes them.
The trusted side imports ``tracing`` and ``lowering``, to trace its own known mistakes the same way; ``probe`` tries
every rule; the device's worker isolates itself with ``isolation`` too.
"""

__all__ = ["by_hand", "isolation", "lowering", "main", "probe", "template", "tracing"]
