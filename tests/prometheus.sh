#!/bin/sh
# Fetches Debian's Prometheus, and the promtool that comes with it, into .venv for the tests of rules and dashboards.
# Nothing is installed and no daemon started. Where it cannot be had those tests are skipped, but fail in CI.
set -eu
cd "$(dirname "$0")/.."
place=.venv/share/prometheus
if command -v prometheus >/dev/null && command -v promtool >/dev/null || [ -x "$place/prometheus" ]; then exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "Prometheus is not installed: the tests that need it are skipped." >&2
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
fetch() { (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download prometheus >/dev/null 2>&1); }
if ! fetch; then
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then as_root="sudo -n"; fi
    if ! $as_root true 2>/dev/null || ! $as_root apt-get update -qq || ! fetch; then
        echo "Prometheus cannot be fetched: the tests that need it are skipped." >&2
        exit 0
    fi
fi
dpkg-deb -x "$folder"/prometheus_*.deb "$folder/unpacked"
mkdir -p "$place"
mv "$folder/unpacked/usr/bin/promtool" "$folder/unpacked/usr/bin/prometheus" "$place/"
