/** What a binary is built for. */
export interface Target {
  /** As in the file's name: `codex-mcp-server-<name>`. */
  name: string;
  /** Bun's runtime in it. */
  runtime: Bun.Build.CompileTarget;
  /** For containers: the read-only fallback is on where nobody sets CODEXMCP_READONLY_FALLBACK. */
  isContainer: boolean;
}

const LINUX = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl"] as const;

/** Everything that is built. */
export const TARGETS: readonly Target[] = LINUX.flatMap((platform) => [
  { name: platform, runtime: `bun-${platform}` as const, isContainer: false },
  { name: `${platform}-container`, runtime: `bun-${platform}` as const, isContainer: true },
]);

/** The target of a name. @throws where there is none, with the names that there are */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new Error(`no target ${name}; there are: ${TARGETS.map((each) => each.name).join(", ")}`);
}
