"""Results and marks in the formats of other programs: one small module each, most of them pure functions to text.

They hold what a student may see of a result, and the marks that an instructor keeps.  Names and messages of students
are made inert for each format: spreadsheets run no cell, consoles no command, pages no script.
The interface of this package is its modules, listed in ``__all__``.
"""

__all__ = ["canvas", "classroom", "github", "gradebook", "gradescope", "junit", "moodle", "nbgrader", "practice"]
