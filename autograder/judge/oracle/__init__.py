"""Run the reference and the known mistakes, and keep what they answer.

Holds the reference, the secret seed and the true answers; never meets a program of a student.  Its answers are
the truth that judging compares with; where the reference fails, checks are not judged.
The modules below are the interface; the other modules run in the oracle's process.
"""

__all__ = ["expected", "publish"]
