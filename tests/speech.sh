#!/bin/sh
# Installs the recorded human speech that tests listen to. As root, or with sudo.
set -eu
if [ -d /usr/share/asterisk/sounds/en_US_f_Allison ]; then exit 0; fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends asterisk-core-sounds-en-wav asterisk-core-sounds-en >/dev/null
