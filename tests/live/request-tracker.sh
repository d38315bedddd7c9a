#!/usr/bin/env bash
# Plays five tickets through a real Request Tracker 5 and a real Deskhand, both on
# loopback with fresh data, and asserts what Request Tracker holds afterwards.
# Installs Request Tracker from the distribution (Debian, Ubuntu) if it is missing.
#   bash tests/live/request-tracker.sh [path of a built deskhand]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
place=$(mktemp -d)
password=live-test-password
secret=live-test-secret
pids=()

finish() {
  status=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  if [ "$status" -ne 0 ]; then
    echo "FAILED. What Deskhand said last:" >&2
    tail -n 60 "$place/deskhand.log" >&2 2>/dev/null || true
    echo "What Request Tracker said last:" >&2
    grep -v 'info]' "$place/rt.log" 2>/dev/null | tail -n 20 >&2 || true
    echo "Everything is in $place" >&2
  else
    rm -rf "$place"
  fi
  exit "$status"
}
trap finish EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }
step() { echo "== $*"; }

need_packages() {
  local missing=0
  [ -x /usr/share/request-tracker5/libexec/rt-server ] || missing=1
  for tool in perl curl jq openssl; do command -v "$tool" >/dev/null || missing=1; done
  [ "$missing" -eq 0 ] && return
  command -v apt-get >/dev/null || fail "Request Tracker 5 is not installed, and there is no apt-get to install it"
  local sudo=''
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  step "installing Request Tracker 5 (two minutes)"
  $sudo apt-get update -q >"$place/apt.log" 2>&1
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends \
    request-tracker5 rt5-standalone rt5-db-sqlite starlet perl curl jq openssl >>"$place/apt.log" 2>&1 ||
    { tail -n 20 "$place/apt.log" >&2; fail "apt-get could not install Request Tracker"; }
}

free_port() {
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# Waits until a command succeeds; at most 60 s, then says what was waited for.
wait_for() {
  local what=$1
  shift
  for _ in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  fail "waited 60 s for: $what"
}

start_request_tracker() {
  mkdir -p "$place/etc/RT_SiteConfig.d" "$place/hooks"
  export RT_SITE_CONFIG=$place/etc/RT_SiteConfig.pm RT_SITE_CONFIG_DIR=$place/etc/RT_SiteConfig.d
  cat >"$RT_SITE_CONFIG" <<CONFIG
Set(\$rtname, 'desk.test');
Set(\$Organization, 'desk.test');
Set(\$WebDomain, '127.0.0.1');
Set(\$WebPort, $rt_port);
Set(\$DatabaseType, 'SQLite');
Set(\$DatabaseName, '$place/rtdb');
Set(\$LogToSTDERR, 'warning');
Set(\$LogToSyslog, undef);
Set(\$LogToFile, undef);
Set(\$MailCommand, 'testfile');
Set(\$Timezone, 'UTC');
1;
CONFIG
  /usr/sbin/rt-setup-database-5 --action init --skip-create --dba-password none >"$place/rt.log" 2>&1
  HOOK_URL=$deskhand/webhooks/rt HOOK_SECRET=$secret PASSWORD=$password PLACE=$place \
    perl -I/usr/share/request-tracker5/lib "$here/request-tracker-seed.pl" >>"$place/rt.log" 2>&1
  setsid /usr/share/request-tracker5/libexec/rt-server --host 127.0.0.1 --port "$rt_port" >>"$place/rt.log" 2>&1 &
  pids+=($!)
  wait_for "Request Tracker" curl -sf -H "Authorization: token $(cat "$place/token")" "$rt/rt"
}

start_deskhand() {
  mkdir -p "$place/help"
  cat >"$place/help/export.md" <<'ARTICLE'
---
title: Export your invoices
url: https://help.desk.test/export-invoices
---
# Export your invoices

You can export all invoices of a year as one PDF file.

1. Open **Settings** and choose **Billing**.
2. Choose the year in the list at the top.
3. Press **Export invoices**. The PDF file is sent to your e-mail address within 10 minutes.

Only owners of the account can export invoices.
ARTICLE
  cat >"$place/help/password.md" <<'ARTICLE'
---
title: Reset your password
url: https://help.desk.test/reset-password
---
# Reset your password

1. Open the sign-in page and press **Forgot password**.
2. Enter your e-mail address and press **Send link**.
3. Open the link in the e-mail within 30 minutes and choose a new password.

The new password needs at least 12 characters.
ARTICLE
  cat >"$place/deskhand.toml" <<SETTINGS
[server]
listen = "127.0.0.1:$deskhand_port"
[store]
folder = "$place/data"
ballast_bytes = 0
[answer]
mode = "autopilot"
threshold = "uncertified"
suggest_from = 0.05
send_from = 0.1
grounded_from = 0.5
[journey]
field = "Journey Stage"
[connections.rt]
helpdesk = "request-tracker"
brand = "desk"
quiet_s = 1.0
[connections.rt.config]
url = "http://127.0.0.1:$rt_port"
agent_id = "deskhand"
[connections.rt.secrets]
api_token = { file = "$place/token" }
webhook_secret = { file = "$place/secret" }
SETTINGS
  printf '%s' "$secret" >"$place/secret"
  "$binary" --config "$place/deskhand.toml" ingest --brand desk "$place/help" >"$place/deskhand.log" 2>&1
  setsid "$binary" --config "$place/deskhand.toml" serve >>"$place/deskhand.log" 2>&1 &
  pids+=($!)
  wait_for "Deskhand" curl -sf "$deskhand/readyz"
}

# as WHO METHOD PATH [BODY]: one call to Request Tracker; WHO is deskhand or a user's name.
as() {
  local who=$1 method=$2 path=$3 body=${4:-}
  local auth=(-u "$who:$password")
  [ "$who" = deskhand ] && auth=(-H "Authorization: token $(cat "$place/token")")
  curl -sS --fail-with-body "${auth[@]}" -X "$method" -H 'Content-Type: application/json' ${body:+-d "$body"} "$rt/$path"
}

customer=robin@customers.test

# open_ticket SUBJECT TEXT: prints the ticket's number.
open_ticket() {
  local body
  body=$(jq -n --arg s "$1" --arg t "$2" --arg c "$customer" \
    '{Queue: "General", Subject: $s, Requestor: $c, Content: $t, ContentType: "text/plain"}')
  as "$customer" POST ticket "$body" | jq -r .id
}

# say WHO TICKET TEXT: a public message.
say() {
  local body
  body=$(jq -n --arg t "$3" '{Content: $t, ContentType: "text/plain"}')
  as "$1" POST "ticket/$2/correspond" "$body" >/dev/null
}

# messages TICKET: lines of "type creator", oldest first.
messages() {
  as deskhand GET "ticket/$1/history?fields=Type,Creator&per_page=100" |
    jq -r '.items[] | select(.Type | IN("Create", "Correspond", "Comment")) | "\(.Type) \(.Creator.id)"'
}

n_replies() { messages "$1" | grep -c '^Correspond deskhand$' || true; }
n_notes() { messages "$1" | grep -c '^Comment deskhand$' || true; }
has_replies() { [ "$(n_replies "$1")" -ge "$2" ]; }
has_acted() { [ "$(($(n_replies "$1") + $(n_notes "$1")))" -ge "$2" ]; }

# texts TICKET TYPE: the text of Deskhand's messages of this type.
texts() {
  as deskhand GET "ticket/$1/history?fields=Type,Creator&per_page=100" >"$place/history.json"
  as deskhand GET "ticket/$1/attachments?fields=ContentType,Content,TransactionId&per_page=100" |
    jq -r --arg type "$2" --slurpfile history "$place/history.json" '
      [$history[0].items[] | select(.Type == $type and .Creator.id == "deskhand") | .id] as $ours
      | .items[] | select(.TransactionId as $id | $ours | index($id)) | .Content // ""'
}

# field TICKET NAME: the values of a custom field, one a line.
field() {
  as deskhand GET "ticket/$1?fields=CustomFields" |
    jq -r --arg name "$2" '.CustomFields[] | select(.name == $name) | .values[]'
}
has_field() { [ -n "$(field "$1" "$2")" ]; }

# deliveries TICKET: Deskhand's inbox rows of a ticket, as lines of "state outcome: detail".
deliveries() {
  "$binary" --config "$place/deskhand.toml" inbox all --json --limit 1000 2>/dev/null |
    jq -r --arg key "rt/$1" '.. | objects | select(.conversation? == $key) | "\(.state) \(.outcome): \(.detail)"'
}
# True once every delivery of a ticket, and there is one, has ended.
has_ended() {
  local rows
  rows=$(deliveries "$1")
  [ -n "$rows" ] && ! grep -qv '^done' <<<"$rows"
}

# hook TRANSACTION [SECRET]: sends a kept webhook; prints the status it got.
hook() {
  local file=$place/hooks/$1.json key=${2:-$secret} signature
  signature=$(openssl dgst -sha256 -hmac "$key" <"$file" | sed 's/^.*= *//')
  curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -H "X-RT-Delivery: $1" \
    -H "X-RT-Signature: sha256=$signature" --data-binary "@$file" "$deskhand/webhooks/rt"
}

# The number of the first transaction of a ticket: its creation.
creation() { as deskhand GET "ticket/$1/history?fields=Type" | jq -r 'first(.items[] | select(.Type == "Create")).id'; }

need_packages
binary=${1:-$root/target/debug/deskhand}
if [ $# -eq 0 ]; then
  step "building deskhand"
  cargo build --locked --quiet --manifest-path "$root/Cargo.toml"
fi
rt_port=$(free_port)
deskhand_port=$(free_port)
rt=http://127.0.0.1:$rt_port/REST/2.0
deskhand=http://127.0.0.1:$deskhand_port
step "starting Request Tracker and Deskhand"
start_request_tracker
start_deskhand

step "a customer asks what the help center answers"
first=$(open_ticket 'Export invoices' 'How can I export my invoices of a year as a PDF file?')
wait_for "a reply in ticket $first" has_replies "$first" 1
texts "$first" Correspond >"$place/reply"
grep -q 'Export invoices' "$place/reply" || fail "the reply does not quote the article: $(cat "$place/reply")"
grep -q 'https://help.desk.test/export-invoices' "$place/reply" || fail "the reply cites no address: $(cat "$place/reply")"
grep -q '\[1\]' "$place/reply" || fail "the reply has no numbered citation: $(cat "$place/reply")"
wait_for "a stage in its field" has_field "$first" 'Journey Stage'
tags=$(field "$first" Tags)
stage=$(field "$first" 'Journey Stage')
grep -qx "stage-$stage" <<<"$tags" || fail "the stage is $stage, but the tags are $tags"
echo "   answered with a citation; stage '$stage', tags: $(tr '\n' ' ' <<<"$tags")"

step "the customer writes again"
say "$customer" "$first" 'Thanks, that worked. I also forgot my password: how can I reset it?'
wait_for "a second action in ticket $first" has_acted "$first" 2
texts "$first" Correspond >"$place/reply"
texts "$first" Comment >>"$place/reply"
grep -q 'reset-password' "$place/reply" || fail "the second answer does not point to the password article: $(cat "$place/reply")"
echo "   replies: $(n_replies "$first"), notes: $(n_notes "$first")"

step "the same webhook comes three times more, and once with a forged signature"
wait_for "the ticket is over for Deskhand" has_ended "$first"
before=$(messages "$first")
creation=$(creation "$first")
for _ in 1 2 3; do
  status=$(hook "$creation")
  [ "$status" = 200 ] || fail "a duplicate was answered $status"
done
status=$(hook "$creation" wrong-secret)
[ "$status" = 401 ] || fail "a forged webhook was answered $status"

step "an agent answers first"
second=$(open_ticket 'Export' 'How do I export the invoices of a year?')
say sam "$second" 'Hello Robin, I have sent you the file by e-mail.'
wait_for "ticket $second is over for Deskhand" has_ended "$second"
[ "$(n_replies "$second")" -eq 0 ] || fail "Deskhand talked over an agent: $(messages "$second")"
deliveries "$second" | sed "s/^/   /"

step "a webhook comes late, after an agent has answered"
touch "$place/hold"
third=$(open_ticket 'Password' 'How can I reset my password? I forgot it.')
say sam "$third" 'Hello Robin, I have reset it for you.'
rm "$place/hold"
status=$(hook "$(creation "$third")")
[ "$status" = 200 ] || fail "a late webhook was answered $status"
wait_for "ticket $third is over for Deskhand" has_ended "$third"
[ "$(n_replies "$third")" -eq 0 ] || fail "Deskhand answered what was answered: $(messages "$third")"
deliveries "$third" | sed "s/^/   /"

step "a customer asks for what is not in the help center, and for a person"
fourth=$(open_ticket 'Call me' 'I want to speak to a real person, please. Can somebody call me?')
wait_for "a hand-over in ticket $fourth" has_acted "$fourth" 1
[ "$(n_replies "$fourth")" -eq 0 ] || fail "a customer who asked for a person got a machine"
[ "$(n_notes "$fourth")" -ge 1 ] || fail "nobody was told of ticket $fourth"

after=$(messages "$first")
[ "$before" = "$after" ] || fail "duplicates had an effect: $after"
step "Deskhand stops when told to"
kill -TERM "${pids[1]}"
for _ in $(seq 150); do kill -0 "${pids[1]}" 2>/dev/null || break; sleep 0.2; done
kill -0 "${pids[1]}" 2>/dev/null && fail "Deskhand did not stop within 30 s"
echo "OK: Request Tracker holds what it should hold."
