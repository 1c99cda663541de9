"""The web application of a served exam: sign-in, the student's pages, the instructor's pages.

It knows the keys but sends nothing of them to students before feedback is released.  Every request is untrusted; time
comes from the server's clock only.  The interface of this package is its modules, listed in ``__all__``: ``app`` makes
the application, ``access`` makes sign-in codes, ``context`` holds what a request needs, ``roster`` counts students.
Start reading in ``app``; students' pages are ``student_pages``, instructors' pages ``proctor_pages``.
"""

__all__ = ["access", "app", "context", "roster"]
