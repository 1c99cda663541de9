"""Student code runs here and nowhere else: a function goes in as text and comes out as a program.

``inside`` is what runs in the sandbox, and imports nothing of ours; ``bubblewrap`` starts it in a ``world`` of its own,
``process`` keeps one that has imported JAX and forks it for each submission, ``trace`` talks to it from outside.
Shapes of inputs come in here, never their values, never an answer.  What comes out (serialised StableHLO and a
description of the output tree) is believed by nobody until it was inspected.
The interface of this package is its modules, listed in ``__all__``.
"""

__all__ = ["bubblewrap", "cgroup", "findings", "frames", "inside", "system_calls", "trace", "world"]
