/** What a binary is built for. */
export interface Target {
  /** As in the files' names: `codex-mcp-server-<name>`. */
  name: string;
  /** Bun's runtime in it. */
  runtime: Bun.Build.CompileTarget;
  /** For containers: the read-only fallback is on where nobody sets CODEXMCP_READONLY_FALLBACK. */
  isContainer: boolean;
  /** How it is packed for a release; users of Windows expect a .zip. */
  archive: "tar.gz" | "zip";
}

/** Each for Docker images too. `baseline` is for processors without AVX2. */
const LINUX: Record<string, Bun.Build.CompileTarget> = {
  "linux-x64": "bun-linux-x64-modern",
  "linux-x64-baseline": "bun-linux-x64-baseline",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-modern-musl",
  "linux-x64-musl-baseline": "bun-linux-x64-baseline-musl",
  "linux-arm64-musl": "bun-linux-arm64-musl",
};

const OTHERS: Record<string, Bun.Build.CompileTarget> = {
  "darwin-x64": "bun-darwin-x64-baseline",
  "darwin-arm64": "bun-darwin-arm64",
  "windows-x64": "bun-windows-x64-baseline",
};

/** Everything that is built. */
export const TARGETS: readonly Target[] = [
  ...Object.entries(LINUX).flatMap(([name, runtime]): Target[] => [
    { name, runtime, isContainer: false, archive: "tar.gz" },
    { name: `${name}-container`, runtime, isContainer: true, archive: "tar.gz" },
  ]),
  ...Object.entries(OTHERS).map(([name, runtime]): Target => ({
    name,
    runtime,
    isContainer: false,
    archive: name.startsWith("windows") ? "zip" : "tar.gz",
  })),
];

/** The target of a name. @throws where there is none, with the names that there are */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new Error(`no target ${name}; there are: ${TARGETS.map((each) => each.name).join(", ")}`);
}
