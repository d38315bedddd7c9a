#!/usr/bin/env bash
# Sends every action and read of a manifest to a mock that a vendor's API document
# makes, and fails if one is refused. The mock (Prism, from npm) runs on loopback.
#
#   tests/live/vendor-documents.sh DOCUMENT HELPDESK [NOT-IN-THE-DOCUMENT…]
#   tests/live/vendor-documents.sh zendesk-support.json zendesk articles
#   tests/live/vendor-documents.sh intercom-2.15.json intercom
#   tests/live/vendor-documents.sh chatwoot.json chatwoot articles
#
# Needs node and npm. PRISM_DIR keeps the mock between runs; PORT is 4010 unless set.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,11p' "$0" >&2; exit 2; }
document=$(realpath "$1"); helpdesk=$2; shift 2
port=${PORT:-4010}
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
prism=${PRISM_DIR:-$work/prism}
mock=
cleanup() {
  if [ -n "$mock" ]; then kill "$mock" 2>/dev/null || true; wait "$mock" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

if [ ! -x "$prism/node_modules/.bin/prism" ]; then
  npm install --prefix "$prism" --no-audit --no-fund --silent @stoplight/prism-cli@5.14.2
fi
# Not with --errors: that also judges the document's own examples, some of which
# break their own schemas. A request it does not allow is refused without it too.
node "$prism/node_modules/.bin/prism" mock -h 127.0.0.1 -p "$port" "$document" > "$work/mock.log" 2>&1 &
mock=$!

ready=no
for _ in $(seq 120); do
  if curl -s -o "$work/ready" "http://127.0.0.1:$port/"; then ready=yes; break; fi
  kill -0 "$mock" 2>/dev/null || break
  sleep 0.5
done
if [ "$ready" = no ]; then
  echo "the mock did not start:" >&2; cat "$work/mock.log" >&2; exit 1
fi

cargo run --quiet --locked --example drive_manifest -- "$helpdesk" "http://127.0.0.1:$port" "$@"
