#!/bin/sh
# Builds the WebAssembly example; the built module is committed, so that no Rust is needed to use it.
set -eu
cd "$(dirname "$0")/low_power"
cargo build --release --target wasm32-unknown-unknown
cp target/wasm32-unknown-unknown/release/low_power.wasm ../low_power.wasm
