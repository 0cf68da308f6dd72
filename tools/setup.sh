#!/bin/sh
# Virtual environment in $VENV with the locked dependencies and the command sinyal.
set -eu
sh tools/debian.sh setup
[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
"$VENV/bin/python" -m pip install -q --disable-pip-version-check "uv==$UV_VERSION"
"$VENV/bin/uv" pip sync -q --python "$VENV/bin/python" --require-hashes requirements.lock
"$VENV/bin/uv" pip install -q --python "$VENV/bin/python" --no-deps --no-build-isolation -e .
echo "ready: $VENV/bin/sinyal"
