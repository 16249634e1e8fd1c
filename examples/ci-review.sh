#!/bin/sh
# Lets Codex review the commits since a base, in any CI, and exits with 1 unless it approves. Codex only reads.
# Usage: ci-review.sh <base>, in a checkout that has both commits.
# Requires codex (logged in), codex-mcp-server, git, jq, and an MCP client to start the task:
#   npm install --global @modelcontextprotocol/inspector@2.12.0
set -eu
base=$(git rev-parse --verify "$1^{commit}")
topic="review-ci_$(git rev-parse --short HEAD)-v1"

arguments=$(jq --null-input --arg topic "$topic" --arg cwd "$PWD" --arg base "$base" '{
  topic: $topic,
  cwd: $cwd,
  sandbox: "read-only",
  timeout_seconds: 1200,
  prompt: "Review `git diff \($base) HEAD`. Report only faults that can happen, with file and line. Approve if there are none.",
  output_schema: {
    type: "object",
    properties: { approve: { type: "boolean" }, findings: { type: "array", items: { type: "string" } } },
    required: ["approve", "findings"],
    additionalProperties: false
  }
}')
# The Inspector passes only these variables and HOME, PATH and the like to the server. `auto`: many CI machines refuse the user namespaces
# that Codex's own sandbox needs.
mcp-inspector --cli codex-mcp-server -e CODEXMCP_READONLY_FALLBACK=auto \
  --method tools/call --tool-name codex_dispatch --tool-args-json "$arguments" >/dev/null

codex-mcp-server wait "$topic"
result=$(codex-mcp-server show "$topic" --json | jq --exit-status --raw-output .result)
printf '%s\n' "$result" | jq --raw-output '.findings[]'
printf '%s\n' "$result" | jq --exit-status .approve >/dev/null
