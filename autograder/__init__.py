"""Exams and grading for deep-learning courses: a submission becomes a program, the program is judged."""

__version__ = "0.1.0"
