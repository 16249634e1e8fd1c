/** The variables that a person sets in a dialogue, where a client shows one; empty means not set. */
export const VARIABLES = [
  {
    name: "CODEXMCP_CODEX_BIN",
    title: "Codex program",
    description: "Full path of codex, where it is not in the PATH of the client",
  },
  {
    name: "CODEX_REASONING_EFFORT",
    title: "Reasoning effort",
    description: "For example high or xhigh; empty: Codex's own setting",
  },
  { name: "CODEX_PROFILE", title: "Codex profile", description: "A profile of Codex; empty: none" },
  {
    name: "CODEXMCP_READONLY_FALLBACK",
    title: "Read-only fallback",
    description: "auto: read-only tasks work also where Codex's own sandbox cannot; empty: off",
  },
] as const;
