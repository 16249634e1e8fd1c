#!/bin/sh
# Lets Codex review the changes since a base, in any CI, and prints its findings. Exits with 3 if one of them must be fixed (P0 or P1), 124
# after 20 minutes. Codex only reads.
# Usage: ci-review.sh <base>, in a checkout that has the history since the base.
# Requires codex (logged in), codex-mcp-server and git.
set -eu
base=$(git rev-parse --verify "$1^{commit}")
# Many CI machines refuse the user namespaces that Codex's own sandbox needs.
export CODEXMCP_READONLY_FALLBACK=auto
exec codex-mcp-server review "base:$base" --fail-on P1 --timeout 20m
