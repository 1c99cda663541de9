"""Run programs on a device, in disposable workers.

Holds StableHLO programs and arrays; no truth, no reference, no student's name and no secret.  What a worker
answers is compared outside: a program that breaks its worker can spoil its own numbers only.
The modules below are the interface; the other modules belong to the worker.
"""

__all__ = [
    "accelerators",
    "arrays",
    "budget",
    "confinement",
    "environment",
    "evaluation",
    "evaluator",
    "execute",
    "interpret",
    "process",
    "requests",
    "trainer",
]
