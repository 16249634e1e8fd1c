import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** Writes a client's file, with its folder. */
export function writeFile(file: string, content: string): string {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode: 0o640 });
  return file;
}

/** Names of the backups of a file. */
export function backupsOf(file: string): string[] {
  return readdirSync(dirname(file)).filter((name) => name.startsWith(basename(file)) && name.endsWith(".bak"));
}
