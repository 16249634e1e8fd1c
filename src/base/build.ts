import manifest from "../../package.json" with { type: "json" };

/** What the build notes in the binary. */
export interface Build {
  version: string;
  /** The commit it was made from, with `-dirty` where files differed from it; empty from source. */
  commit: string;
  /** When that commit was made, ISO 8601: the same commit gives the same bytes. */
  date: string;
  /** As in the release's files: `linux-x64-musl`, … */
  target: string;
  /** What CODEXMCP_READONLY_FALLBACK is where nobody sets it: on in the builds for containers. */
  readonlyFallback: "0" | "1";
}

// Put in by scripts/build.ts; running from source, there is no such name.
declare const BUILD: Build | undefined;

/** How this program was built. */
export const OWN_BUILD: Build =
  typeof BUILD === "undefined"
    ? { version: manifest.version, commit: "", date: "", target: "source", readonlyFallback: "0" }
    : BUILD;

/** This program's version. */
export const VERSION: string = OWN_BUILD.version;
