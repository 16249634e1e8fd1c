import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAME = "SHA256SUMS";

/** Returns the SHA-256 of a file, in hexadecimal. */
export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Writes SHA256SUMS for all files of a folder, in the format of `sha256sum -c`. */
export function writeChecksums(folder: string): void {
  const names = readdirSync(folder).filter((name) => name !== NAME);
  const lines = names.toSorted().map((name) => `${sha256(join(folder, name))}  ${name}\n`);
  writeFileSync(join(folder, NAME), lines.join(""));
}
