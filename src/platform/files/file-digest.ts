import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { SAFE_OPEN } from "./read-file.ts";
import type { Turns } from "#base/turns.ts";

const CHUNK_BYTES = 256 * 1024;

/** A file's size and a digest of its content that nobody can make another content for. */
export interface FileFingerprint {
  size: number;
  digest: string;
}

/** Whether two fingerprints are of the same content. */
export function isSameFingerprint(a: FileFingerprint, b: FileFingerprint): boolean {
  return a.size === b.size && a.digest === b.digest;
}

/** A digest that is fed piece by piece, and can be asked for in between. */
export class RunningDigest {
  readonly #hasher = new Bun.CryptoHasher("sha256");
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#size += bytes.length;
  }

  /** The fingerprint of all bytes so far. */
  get fingerprint(): FileFingerprint {
    return { size: this.#size, digest: this.#hasher.copy().digest("hex") };
  }
}

/**
 * Returns the fingerprint of a regular file's first bytes.
 * @param length how many; all of them where it is left out
 * @returns undefined where there is no such file, or it is shorter
 */
export function digestFile(path: string, length?: number): FileFingerprint | undefined {
  const steps = digestSteps(path, length);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Returns the fingerprint of a regular file, without holding up the event loop. */
export async function digestFileInTurns(path: string, turns: Turns): Promise<FileFingerprint | undefined> {
  const steps = digestSteps(path);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await turns.pause();
  }
}

function* digestSteps(path: string, length?: number): Generator<undefined, FileFingerprint | undefined> {
  const file = openRegularFile(path);
  if (file === undefined) return undefined;
  try {
    const wanted = length ?? fstatSync(file).size;
    const digest = new RunningDigest();
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; at < wanted; yield) {
      const bytes = readSync(file, chunk, 0, Math.min(CHUNK_BYTES, wanted - at), at);
      if (bytes === 0) return undefined;
      digest.add(chunk.subarray(0, bytes));
      at += bytes;
    }
    return digest.fingerprint;
  } finally {
    closeSync(file);
  }
}

/** Opens a regular file for reading without ever blocking; undefined where something else is there, or nothing. */
export function openRegularFile(path: string, flags = 0): number | undefined {
  let file: number;
  try {
    file = openSync(path, SAFE_OPEN | flags);
  } catch {
    return undefined;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return undefined;
}
