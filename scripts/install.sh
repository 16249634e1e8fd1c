#!/bin/sh
# Installs codex-mcp-server for this user: finds the build for this platform, libc and processor, verifies
# its checksum, and installs it in ~/.local/bin and its manual page in ~/.local/share/man. A second run changes nothing.
#
#   curl -fsSL https://github.com/codex-mcp-server/codex-mcp-server/releases/latest/download/install.sh | sh
#   … | sh -s -- --container          the build for containers (read-only fallback on)
#   … | sh -s -- --version 0.1.0 --dir /usr/local/bin
#
# CODEXMCP_RELEASES is the URL of a mirror with the same files: $CODEXMCP_RELEASES/download/v<version>/<file>.
set -eu

# All code is in functions, so that an incomplete download runs nothing.

say() { printf '%s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

usage() {
  say "install.sh [--version <version>] [--dir <folder>] [--container] [--target <target>]"
  say "  --version    install this version instead of the newest"
  say "  --dir        install in this folder (default: \$CODEXMCP_INSTALL_DIR, else ~/.local/bin); if it is .../bin, the manual page goes to .../share/man"
  say "  --container  install the build for containers, whose read-only fallback is on by default"
  say "  --target     install this build, for example linux-x64-musl, instead of the one for this machine"
}

detect_target() {
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no build for $(uname -s); for Windows, download the .zip from the releases page" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no build for the processor $(uname -m)" ;;
  esac
  # A shell under Rosetta reports x86_64.
  if [ "$os" = darwin ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null || true)" = 1 ]; then cpu=arm64; fi
  target="$os-$cpu"
  if [ "$os" = linux ]; then
    if is_musl; then target="$target-musl"; fi
    if [ "$cpu" = x64 ] && ! grep -qw avx2 "${CODEXMCP_CPUINFO:-/proc/cpuinfo}" 2>/dev/null; then target="$target-baseline"; fi
  fi
}

is_musl() {
  # The loader alone proves nothing: glibc systems may have musl's as well.
  case "$(ldd --version 2>&1 || true)" in
    *musl*) return 0 ;;
    *GNU* | *GLIBC*) return 1 ;;
  esac
  for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then return 0; fi; done
  return 1
}

download() { # url, file
  if has curl; then
    curl -fsSL --retry 2 -o "$2" "$1" || fail "cannot download $1"
  elif has wget; then
    wget -q -O "$2" "$1" || fail "cannot download $1"
  else
    fail "curl or wget is needed"
  fi
}

checksum() { # file
  if has sha256sum; then sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then openssl dgst -sha256 "$1" | sed 's/.*= *//'
  else fail "sha256sum, shasum or openssl is needed to verify the download"
  fi
}

verify() { # file, its name in SHA256SUMS
  wanted=$(awk -v name="$2" '$2 == name { print $1 }' "$scratch/SHA256SUMS")
  [ -n "$wanted" ] || fail "SHA256SUMS has no checksum of $2; nothing was installed"
  got=$(checksum "$1")
  [ "$got" = "$wanted" ] || fail "the checksum of $2 is wrong ($got instead of $wanted): the file is damaged or was tampered with; nothing was installed"
}

is_in_place() { # new file, path
  [ -f "$2" ] && cmp -s "$1" "$2"
}

put_in_place() { # new file, path, permissions
  # Copied beside it first, then renamed: a running server keeps its file, and no process sees half a file.
  cp "$1" "$2.new.$$"
  chmod "$3" "$2.new.$$"
  mv -f "$2.new.$$" "$2"
}

install_manual() { # manual page, folder of the program
  case "$2" in
    */bin) manuals=${2%/bin}/share/man/man1 ;;
    *) return 0 ;;
  esac
  # Archives of older versions have no manual page; a folder that is not writable is not an error.
  [ -f "$1" ] && mkdir -p "$manuals" 2>/dev/null && [ -w "$manuals" ] || return 0
  if is_in_place "$1" "$manuals/codex-mcp-server.1"; then return 0; fi
  put_in_place "$1" "$manuals/codex-mcp-server.1" 644
  say "installed $manuals/codex-mcp-server.1"
}

try_out() { # program
  if "$1" --version >/dev/null 2>&1; then return; fi
  case "$target" in
    *musl*) say "It does not start. Alpine needs: apk add libstdc++" ;;
    *) say "It does not start: $("$1" --version 2>&1 | head -n 1)" ;;
  esac
}

say_what_next() { # folder
  case ":$PATH:" in
    *":$1:"*) program=codex-mcp-server ;;
    *)
      program="$1/codex-mcp-server"
      say "$1 is not in PATH; add this to your ~/.profile (sh, bash, zsh): export PATH=\"$1:\$PATH\""
      ;;
  esac
  say "Next:"
  say "  $program doctor                check that codex, git and tmux are installed and work"
  say "  $program install claude-code   add it to Claude Code (or cursor, vscode, codex, …)"
}

main() {
  version=latest folder=${CODEXMCP_INSTALL_DIR:-$HOME/.local/bin} container="" target=""
  while [ $# -gt 0 ]; do
    case "$1" in
      --version | --dir | --target)
        [ $# -ge 2 ] || fail "$1 needs a value"
        case "$1" in
          --version) version=${2#v} ;;
          --dir) folder=$2 ;;
          --target) target=$2 ;;
        esac
        shift 2
        ;;
      --container) container=-container; shift ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; fail "there is no option $1" ;;
    esac
  done
  if [ -z "$target" ]; then detect_target; fi
  case "$target" in
    *-container) ;;
    linux-*) target="$target$container" ;;
    *) if [ -n "$container" ]; then fail "builds for containers exist only for Linux, not for $target"; fi ;;
  esac
  releases=${CODEXMCP_RELEASES:-https://github.com/codex-mcp-server/codex-mcp-server/releases}
  case "$version" in
    latest) from="$releases/latest/download" ;;
    *) from="$releases/download/v$version" ;;
  esac
  archive="codex-mcp-server-$target.tar.gz"

  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  download "$from/SHA256SUMS" "$scratch/SHA256SUMS"
  download "$from/$archive" "$scratch/$archive"
  verify "$scratch/$archive" "$archive"
  mkdir "$scratch/unpacked"
  tar -xzf "$scratch/$archive" -C "$scratch/unpacked"
  mkdir -p "$folder" || fail "cannot create $folder"
  [ -w "$folder" ] || fail "$folder is not writable; choose another folder with --dir"
  if is_in_place "$scratch/unpacked/codex-mcp-server" "$folder/codex-mcp-server"; then
    say "$folder/codex-mcp-server is already this version; nothing was changed."
  else
    put_in_place "$scratch/unpacked/codex-mcp-server" "$folder/codex-mcp-server" 755
    say "installed $folder/codex-mcp-server ($target)"
  fi
  install_manual "$scratch/unpacked/codex-mcp-server.1" "$folder"
  try_out "$folder/codex-mcp-server"
  say_what_next "$folder"
}

main "$@"
