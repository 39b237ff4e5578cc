#!/usr/bin/env bash
# Install Debian's packages, if this user may: those that are named, or else the tests' browser, database server and Redis.
set -euo pipefail

missing=("$@")
if [ $# -eq 0 ]; then
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || [ -n "${PORTAL_TEST_CHROMIUM:-}" ] || missing+=(chromium)
  [ -n "${PORTAL_TEST_DATABASE_URL:-}" ] || command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
  command -v redis-server >/dev/null || missing+=(redis-server)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=(); elif sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
  if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive bash -c \
    'apt-get -o Acquire::Retries=3 update -qq && apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends "$@" >/dev/null' _ "${missing[@]}"; then
    exit 0
  fi
fi
echo "${missing[*]} is needed, which cannot be installed from here: install it and run this again." >&2
exit 1
