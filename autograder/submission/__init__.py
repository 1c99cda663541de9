"""What came in: collect submissions from folders and archives, read them as bytes, screen their syntax trees.

Everything here is a stranger's: sizes are asked before anything is opened, links are refused, and nothing is run or
imported.  What leaves this package is text in statements, with remarks; it is as untrusted as the bytes were.
The interface of this package is its modules, listed in ``__all__``: ``read`` gives a submission, ``collect`` finds
those of a class, ``screening`` applies an allow-list.
"""

__all__ = ["code", "collect", "moments", "notebook", "read", "screening", "source", "statements"]
