import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "./paths.ts";

/**
 * Does something with a temporary folder that only this user can look into.
 * @param fallback where it is made if the system's place for such cannot be written to
 * @throws the system's error where neither can
 */
export async function withTemporaryFolder<T>(fallback: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(temporaryFolder(fallback), "codexmcp-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}
