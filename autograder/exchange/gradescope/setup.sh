#!/usr/bin/env bash
# Runs once, as root, when Gradescope builds the image.  Choose Ubuntu 24.04 as its base: Python 3.11 or newer is needed.
set -euo pipefail
base=${AUTOGRADER_BASE:-/autograder}
cd "$base/source"

export DEBIAN_FRONTEND=noninteractive
if command -v apt-get >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3 python3-venv bubblewrap libseccomp2
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed: choose Ubuntu 24.04 as the base image" >&2
    exit 1
}
[ -e "$base/venv" ] || python3 -m venv "$base/venv"
"$base/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt .

# Compute the reference answers once for all submissions, and probe the sandbox.
"$base/venv/bin/python" -P -m autograder.exchange.gradescope.run --base "$base" --prepare
