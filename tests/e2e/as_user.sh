#!/usr/bin/env bash
# Runs a command as an ordinary user that this script makes, from a copy of the project that the user may read.
set -euo pipefail
user=coracle-e2e
here=$(cd "$(dirname "$0")/../.." && pwd)
id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
grep -q "^$user:" /etc/subuid || echo "$user:300000:65536" >>/etc/subuid
grep -q "^$user:" /etc/subgid || echo "$user:300000:65536" >>/etc/subgid
# As udev sets it on a machine of its own; slirp4netns opens it as the user.
[ ! -c /dev/net/tun ] || chmod 0666 /dev/net/tun
home=$(getent passwd "$user" | cut -d: -f6)
rm -rf "$home/coracle"
mkdir -p "$home/coracle"
tar -C "$here" --exclude=.git --exclude=wasm/target -cf - . | tar -C "$home/coracle" -xf -
cp -f "$1" "$home/deno"
deno_dir=${DENO_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/deno}
rm -rf "$home/deno-dir"
if [ -d "$deno_dir/npm" ]; then mkdir -p "$home/deno-dir" && cp -r "$deno_dir/npm" "$home/deno-dir/npm"; fi
tools=${CORACLE_TOOLS:-}
if [ -n "$tools" ]; then rm -rf "$home/tools" && cp -r "$tools" "$home/tools"; fi
# What the tests as root have built of Go programs.
cache=${CORACLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coracle}
rm -rf "$home/.cache/coracle/clients/static"
if [ -d "$cache/clients/static" ]; then
  mkdir -p "$home/.cache/coracle/clients" && cp -r "$cache/clients/static" "$home/.cache/coracle/clients/static"
fi
chown -R "$user:" "$home"
shift
cd "$home/coracle"
exec setpriv --reuid="$user" --regid="$user" --init-groups --reset-env \
  env HOME="$home" USER="$user" DENO_DIR="$home/deno-dir" CORACLE_DENO="$home/deno" CORACLE_TOOLS="$home/tools" \
  CORACLE_E2E_USER=1 NO_COLOR=1 PATH="$home:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" "$home/deno" "$@"
