#!/bin/sh
# Installs Debian's Redis for the tests that count in a real one: as root, or with sudo that asks for nothing. Where
# neither can be had those tests are skipped; the same promises are then held against an imitation alone.
set -eu
if command -v redis-server >/dev/null; then exit 0; fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo -n"; fi
if ! command -v apt-get >/dev/null || ! $as_root true 2>/dev/null; then
    echo "redis-server is not installed, and cannot be: the tests that need it are skipped." >&2
    exit 0
fi
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null
