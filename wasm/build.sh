#!/usr/bin/env bash
# Builds the scheduler core and its glue into pkg/, which is committed: users need no Rust.
# With rustup's wasm32 target, or with Debian's rustc-web, cargo-web, rust-web-src and lld, which build std themselves.
set -euo pipefail
cd "$(dirname "$0")"

WASM_BINDGEN=0.2.130
out=${1:-pkg}
target=wasm32-unknown-unknown

if rustup target add $target >/dev/null 2>&1 || [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
  cargo build --quiet --release --target $target
else
  RUSTC_BOOTSTRAP=1 cargo build --quiet --release --target $target -Z build-std=std,panic_abort
fi

if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $WASM_BINDGEN" ]; then
  export PATH="$PWD/target/tools/bin:$PATH"
  if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $WASM_BINDGEN" ]; then
    cargo install --quiet wasm-bindgen-cli --version $WASM_BINDGEN --root target/tools
  fi
fi
wasm-bindgen --target bundler --out-dir "$out" --out-name core "target/$target/release/coracle_scheduler_core.wasm"
