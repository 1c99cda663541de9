"""One small file per topic; every template found in a file here is part of every bank."""
