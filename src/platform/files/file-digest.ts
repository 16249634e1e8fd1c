import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Turns } from "#base/concurrency.ts";
import { SAFE_OPEN } from "./read-file.ts";

const CHUNK_BYTES = 256 * 1024;

/** Size of a file and a collision-resistant digest of its content. */
export interface FileFingerprint {
  size: number;
  digest: string;
}

/** Returns whether two fingerprints describe the same content. */
export function isSameFingerprint(a: FileFingerprint, b: FileFingerprint): boolean {
  return a.size === b.size && a.digest === b.digest;
}

/** Digest that is updated incrementally and can be read at any time. */
export class RunningDigest {
  readonly #hasher = new Bun.CryptoHasher("sha256");
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#size += bytes.length;
  }

  /** Returns the fingerprint of all bytes so far. */
  get fingerprint(): FileFingerprint {
    return { size: this.#size, digest: this.#hasher.copy().digest("hex") };
  }
}

/**
 * Returns the fingerprint of the first bytes of a regular file.
 * @param length number of bytes; default: all
 * @returns undefined if there is no such file, or it is shorter
 */
export function digestFile(path: string, length?: number): FileFingerprint | undefined {
  const steps = digestSteps(path, length);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Returns the fingerprint of a regular file without blocking the event loop. */
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

/** Opens a regular file for reading without ever blocking; returns undefined if it does not exist or is not a regular file. */
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
