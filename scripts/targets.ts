/** Platform that a binary is built for. */
export interface Target {
  /** Name in file names: `codex-mcp-server-<name>`. */
  name: string;
  /** Name of Bun's runtime. */
  runtime: Bun.Build.CompileTarget;
  /** Whether it is for containers: the read-only fallback is on unless CODEXMCP_READONLY_FALLBACK is set. */
  isContainer: boolean;
  /** Archive format of a release; Windows users expect a .zip. */
  archive: "tar.gz" | "zip";
}

/** Linux targets, each also built for containers. `baseline` is for processors without AVX2. */
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

/** All targets. */
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

/** Returns the target of a name. @throws with the valid names, if there is none */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new Error(`no target ${name}; there are: ${TARGETS.map((each) => each.name).join(", ")}`);
}
