/** Variables that a client with a configuration dialogue shows; empty means not set. */
export const VARIABLES = [
  {
    name: "CODEXMCP_CODEX_BIN",
    title: "Codex program",
    description: "Full path of codex, if it is not in the client's PATH",
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
    description: "auto: run read-only tasks without Codex's own sandbox where it does not work; empty: off",
  },
] as const;
