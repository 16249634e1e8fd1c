import manifest from "../../package.json" with { type: "json" };

/** Build information that is compiled into the binary. */
export interface Build {
  version: string;
  /** The commit that the binary was built from, with `-dirty` if files differed from it; empty when running from source. */
  commit: string;
  /** Date of that commit, ISO 8601; a build date would make the bytes of two builds of one commit differ. */
  date: string;
  /** Target as named in the release's files: `linux-x64-musl`, … */
  target: string;
  /** Default of CODEXMCP_READONLY_FALLBACK: `1` in the builds for containers. */
  readonlyFallback: "0" | "1";
}

// Defined by scripts/build.ts; undefined when running from source.
declare const BUILD: Build | undefined;

/** Build information of this program. */
export const OWN_BUILD: Build =
  typeof BUILD === "undefined"
    ? { version: manifest.version, commit: "", date: "", target: "source", readonlyFallback: "0" }
    : BUILD;

/** This program's version. */
export const VERSION: string = OWN_BUILD.version;
