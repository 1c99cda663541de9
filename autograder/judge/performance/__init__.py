"""Judge training, throughput and cost against the reference, as ratios of one run.

Holds what the judge holds, and a testbed that keeps other measurements of this machine waiting.  Times of a shared
machine are trusted only as intervals: an interval that spans several bands is inconclusive, never a lost point.
The modules below are the interface.
"""

__all__ = ["judge", "measurement", "roofline", "testbed"]
