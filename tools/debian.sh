#!/bin/sh
# Debian packages for one purpose: setup, test or bench.
# As root they are installed; otherwise one line says what to install.
set -eu
case "${1:-setup}" in
    setup) wanted=""; python3 -c 'import ensurepip, venv' 2>/dev/null || wanted="python3-venv" ;;
    test) wanted="swaks opendkim-tools chromium libnet-ssleay-perl msmtp" ;;
    bench) wanted="postfix" ;;
    *) echo "usage: debian.sh setup|test|bench" >&2; exit 2 ;;
esac
missing=""
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
    echo "installing Debian packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/tmp/sinyal-apt.log 2>&1; then
        echo "apt-get could not install:$missing (see /tmp/sinyal-apt.log)" >&2
        [ "$1" = test ] && exit 0
        exit 1
    fi
else
    echo "not root: please have these Debian packages installed: apt-get install$missing" >&2
    [ "$1" = test ] || exit 1
fi
