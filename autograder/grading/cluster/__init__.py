"""Grading on many machines with dask: submissions are traced and judged as tasks; one process collects the results.

Workers that trace hold student code and no secret; workers that judge hold programs, the secret and the answers, which
travel over TLS only.  When a worker is lost, its tasks go to another worker.
The interface of this package is its modules, listed in ``__all__``.
"""

__all__ = ["run"]
