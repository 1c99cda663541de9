"""Exams: forms drawn from the bank by a blueprint, taken in a browser or on paper, marked, and marked again."""
