#!/bin/sh
# Installs the recorded human speech that tests listen to: as root, or with sudo that asks for nothing. Where neither can
# be had the tests that need it are skipped, but fail in CI.
set -eu
if [ -d /usr/share/asterisk/sounds/en_US_f_Allison ]; then exit 0; fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo -n"; fi
if ! command -v apt-get >/dev/null || ! $as_root true 2>/dev/null; then
    echo "Recorded speech is not installed: the tests that listen to it are skipped." >&2
    exit 0
fi
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    asterisk-core-sounds-en-wav asterisk-core-sounds-en >/dev/null
