#!/usr/bin/env bash
# Makes fuzz/corpus/<target>/ to begin with: the few files of fuzz/seeds, and what
# the project's own tests and its demo play. What a run found before stays.
set -euo pipefail
cd "$(dirname "$0")/.."
corpus=fuzz/corpus
payloads=tests/it/connectors/payloads
demo=src/cli/demo/data

for target in fuzz/fuzz_targets/*.rs; do
  mkdir -p "$corpus/$(basename "$target" .rs)"
done
for folder in fuzz/seeds/*/; do
  cp "$folder"* "$corpus/$(basename "$folder")/"
done

# A digit for the connector, its headers, an empty line, the payload. Each goes to
# its own connector and to the one that has every scheme, which is the last.
webhook() {
  printf '%s%s\n\n' "$1" "$2" | cat - "$3" >"$corpus/webhook/$4"
}
number=0
for folder in "$payloads"/*/; do
  name=$(basename "$folder")
  case $name in
    chatwoot) proof=$'x-chatwoot-timestamp: 0\nx-chatwoot-signature: sha256=00' ;;
    generic) proof=$'x-deskhand-timestamp: 0\nx-deskhand-signature: sha256=00' ;;
    intercom) proof='x-hub-signature: sha1=00' ;;
    request-tracker) proof='x-rt-signature: sha256=00' ;;
    zendesk) proof=$'x-zendesk-webhook-signature-timestamp: 1970-01-01T00:00:00Z\nx-zendesk-webhook-signature: AA==' ;;
    *) proof='authorization: Basic AA==' ;;
  esac
  for payload in "$folder"*.json; do
    webhook "$number" "$proof" "$payload" "$name-$(basename "$payload")"
  done
  webhook 5 "$proof" "$payload" "every-$name"
  number=$((number + 1))
done

for article in "$demo"/help-center/*.md "$demo"/runbooks/*.md; do
  name=$(basename "$article")
  cp "$article" "$corpus/markdown/$name"
  cp "$article" "$corpus/words/$name"
  cp "$article" "$corpus/mask/$name"
  { printf 3; cat "$article"; } >"$corpus/files/$name"
done
number=0
while IFS= read -r ticket; do
  printf '2%s\n' "$ticket" >"$corpus/files/ticket-$number.jsonl"
  printf '%s' "$ticket" >"$corpus/mask/ticket-$number"
  # Quotes end one text and begin the next: that is what subject and mails are.
  printf '%s' "$ticket" | tr '"' '\0' >"$corpus/normalize/ticket-$number"
  number=$((number + 1))
done < <(head -n 40 "$demo/past_tickets.jsonl")
cp "$demo/tickets.toml" "$corpus/words/"

tr '\0' '\n' <fuzz/seeds/docx/parts | split -l 1 - "$corpus/xml/part-"
cp fuzz/seeds/site/*.xml "$corpus/xml/"
