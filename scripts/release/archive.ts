import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { zipSync, type Zippable } from "fflate";
import type { Target } from "../targets.ts";

const ROOT = join(import.meta.dir, "..", "..");
const DOCUMENTS = ["LICENSE", "README.md", "CHANGELOG.md"];
const MANUAL = "codex-mcp-server.1";
const EXECUTABLE = 0o755;
const PLAIN = 0o644;

/**
 * Creates the archive of a target in a folder: the program under its plain name, licence, README and, except for
 * Windows, the manual page.
 * @returns its path
 */
export async function packTarget(target: Target, binary: string, folder: string): Promise<string> {
  const path = join(folder, `codex-mcp-server-${target.name}.${target.archive}`);
  const documents = DOCUMENTS.map((name): PackedFile => ({ name, path: join(ROOT, name), mode: PLAIN }));
  const program = { name: programName(target), path: binary, mode: EXECUTABLE };
  const manual = { name: MANUAL, path: join(ROOT, "docs", MANUAL), mode: PLAIN };
  if (target.archive === "zip") writeZip(path, [program, ...documents]);
  else await writeTar(path, [program, manual, ...documents]);
  return path;
}

/** Returns the file name of the program on a target's platform. */
export function programName({ name }: Target): string {
  return name.startsWith("windows") ? "codex-mcp-server.exe" : "codex-mcp-server";
}

/** File in an archive. */
export interface PackedFile {
  name: string;
  path: string;
  /** Permissions, as for chmod(2). */
  mode: number;
}

// All files in archives have one fixed time, so that the same files give the same bytes.
const TIME = new Date(Date.UTC(2000, 0, 1));

/** Writes a zip archive. */
export function writeZip(path: string, files: readonly PackedFile[]): void {
  const entries = files.map(({ name, path: from, mode }): [string, Zippable[string]] => [
    name,
    // 3: Unix, whose permissions are in the upper half of the attributes.
    [readFileSync(from), { level: 9, mtime: TIME, os: 3, attrs: (mode | 0o100000) << 16 }],
  ]);
  writeFileSync(path, zipSync(Object.fromEntries(entries)));
}

async function writeTar(path: string, files: readonly PackedFile[]): Promise<void> {
  const stage = mkdtempSync("/var/tmp/codexmcp-release-");
  try {
    for (const file of files) {
      cpSync(file.path, join(stage, file.name));
      await $`chmod ${file.mode.toString(8)} ${join(stage, file.name)}`;
    }
    const names = files.map(({ name }) => name);
    // Only GNU tar can set a fixed order, time and owner.
    const fixed = ["--format=ustar", `--mtime=@${TIME.getTime() / 1000}`, "--owner=0", "--group=0", "--numeric-owner"];
    await $`tar -C ${stage} ${fixed} -cf - ${names} | gzip -n -9 > ${path}`;
  } finally {
    rmSync(stage, { recursive: true });
  }
}
