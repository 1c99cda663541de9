"""One script for each version.  A script that has been released is never changed."""
