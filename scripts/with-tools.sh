#!/bin/sh
# Installs what the project needs (bun and the packages from npm, tmux where it may), then runs a
# script of the project with it: sh scripts/with-tools.sh scripts/demo.ts [arguments]
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

need() { # program, Debian package, Homebrew formula
  if command -v "$1" >/dev/null 2>&1; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing $2"
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >&2
  elif command -v brew >/dev/null 2>&1; then
    say "installing $3"
    brew install "$3" >&2
  else
    say "please install $1 (for example: sudo apt install $2) and run this again"
    exit 1
  fi
}

# For tests under a tracer, in a real container, of the arm64 build and in a browser; without these they say that they were skipped.
want() { # Debian packages
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then return; fi
  if dpkg -s "$@" >/dev/null 2>&1; then return; fi
  say "installing $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >&2 ||
    say "they could not be installed"
}

need git git git
need tmux tmux tmux
if [ "$1" = scripts/test.ts ]; then want strace podman runc debootstrap qemu-user-static libc6-arm64-cross openssh-client gnupg chromium fonts-dejavu-core; fi

# The lock file is copied last: an install that broke off is done again.
if ! cmp -s bun.lock node_modules/.installed-lock; then
  bun_version=$(node -p 'require("./package.json").devDependencies.bun')
  say "installing packages with bun $bun_version"
  npx --yes "bun@$bun_version" install --frozen-lockfile >&2
  cp bun.lock node_modules/.installed-lock
fi

PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec bun "$@"
