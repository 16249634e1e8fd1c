#!/bin/sh
# Lets Codex review the commits since a base, in any CI, and exits with 1 unless it approves, 124 after 20 minutes. Codex only reads.
# Usage: ci-review.sh <base>, in a checkout that has both commits.
# Requires codex (logged in), codex-mcp-server, git and jq.
set -eu
base=$(git rev-parse --verify "$1^{commit}")
# Many CI machines refuse the user namespaces that Codex's own sandbox needs.
export CODEXMCP_READONLY_FALLBACK=auto

schema=$(mktemp)
trap 'rm -f "$schema"' EXIT
cat >"$schema" <<'SCHEMA'
{
  "type": "object",
  "properties": { "approve": { "type": "boolean" }, "findings": { "type": "array", "items": { "type": "string" } } },
  "required": ["approve", "findings"],
  "additionalProperties": false
}
SCHEMA

result=$(codex-mcp-server run --timeout 20m --output-schema "$schema" --topic "review ci $(git rev-parse --short HEAD)" \
  "Review \`git diff $base HEAD\`. Report only faults that can happen, with file and line. Approve if there are none.")
printf '%s\n' "$result" | jq --raw-output '.findings[]'
printf '%s\n' "$result" | jq --exit-status .approve >/dev/null
