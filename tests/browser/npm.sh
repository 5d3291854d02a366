#!/bin/sh
# Fetches what tests load into a page beside ours: axe-core, and other people's clients of our calls. By npm, or by the one
# in .venv where the machine has none. Where there is neither the tests that need it are skipped, but fail in CI.
set -eu
cd "$(dirname "$0")"
PATH="$PATH:$(cd ../.. && pwd)/.venv/bin"
if ! command -v npm >/dev/null; then
    echo "npm is not installed: the tests that need what it fetches are skipped." >&2
    exit 0
fi
for folder in . pipecat; do
    if [ -f "$folder/package-lock.json" ] && ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed"; then
        (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --silent)
        cp "$folder/package-lock.json" "$folder/node_modules/.installed"
    fi
done
