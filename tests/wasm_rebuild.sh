#!/usr/bin/env bash
# Rebuilds the scheduler core where Rust is present and runs the scheduler's tests on what was built: the committed
# module and its source must behave alike. Exit code 77: it could not be built here.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
deno=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/coracle-wasm-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/wasm"
cp -r "$here/components" "$here/deno.json" "$here/deno.lock" "$work/"
cp -r "$here/wasm/cases" "$work/wasm/"
mkdir -p "$work/deploy"
cp -r "$here/deploy/scheduler-plugins" "$work/deploy/"
if ! "$here/wasm/build.sh" "$work/wasm/pkg" >"$work/build.log" 2>&1; then
  echo "the core could not be built here:"
  tail -n 5 "$work/build.log"
  exit 77
fi
cd "$work"
"$deno" test -A --no-check --config deno.json components/scheduler
