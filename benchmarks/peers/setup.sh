#!/bin/sh
# Makes one virtual environment a peer under .peers/ at the repository's root, from the hashed lists beside this file.
# Does nothing where they are already as the lists say. Needs uv on the PATH or in the project's own environment.
#   benchmarks/peers/setup.sh                 all
#   benchmarks/peers/setup.sh pipecat         one
#   benchmarks/peers/setup.sh --lock          write the hashed lists anew
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$(dirname -- "$here")")
PATH="$root/.venv/bin:$PATH"

if [ "${1:-}" = --lock ]; then
    cd "$here"
    for peer in pipecat livekit whisper; do
        uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
            --no-emit-find-links --no-header --upgrade "$peer.in" --output-file "$peer.txt"
    done
    exit
fi

[ $# -gt 0 ] || set -- pipecat livekit whisper
for peer in "$@"; do
    home="$root/.peers/$peer"
    [ -x "$home/bin/python" ] || uv venv --quiet --python ">=3.11,<3.14" "$home"
    uv pip sync --quiet --python "$home/bin/python" --require-hashes "$here/$peer.txt"
done
