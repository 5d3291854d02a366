#!/bin/sh
# Fetches recorded speech of several people for benchmarks/turn_taking.py: a real telephone call into .peers/talk, and
# Debian's pocketsphinx-testdata, for which it has to be root, or have sudo that asks for nothing.
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
if [ ! -f "$root/.peers/talk/pyannote/audio/sample/sample.wav" ]; then
    "$root/.venv/bin/uv" pip install --quiet --python "$root/.venv/bin/python" --target "$root/.peers/talk" --no-deps \
        --require-hashes -r "$here/talk.txt"
fi
if [ -d /usr/share/pocketsphinx/test/data ]; then exit 0; fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo -n"; fi
if ! command -v apt-get >/dev/null || ! $as_root true 2>/dev/null; then
    echo "pocketsphinx-testdata is not installed: its speakers are left out." >&2
    exit 0
fi
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pocketsphinx-testdata >/dev/null
