import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { type FileFingerprint, openRegularFile, RunningDigest } from "#platform/files/file-digest.ts";
import type { Turns } from "#base/concurrency.ts";

const CHUNK_BYTES = 1024 * 1024;

/** Outcome of copying a record. */
export type CopyOutcome =
  | { bytes: number }
  | "the earlier part of the session was changed"
  | "too large"
  | "with holes";

/** Content that a record must begin with, and the number of bytes by which it may have grown. */
export interface CopyLimits {
  start: FileFingerprint | undefined;
  maxGrowth: number;
}

/**
 * Copies a record in one pass, so that the checked bytes are the copied bytes. A text has no NUL bytes; a sparse file, however large, reads
 * as NUL bytes.
 */
export async function copyRecord(from: string, to: string, limits: CopyLimits, turns: Turns): Promise<CopyOutcome> {
  const source = openRegularFile(from, constants.O_NOFOLLOW);
  if (source === undefined) return "the earlier part of the session was changed";
  try {
    if (fstatSync(source).size > maxSize(limits)) return "too large";
    rmSync(to, { force: true });
    const target = openSync(to, "wx", 0o600);
    try {
      fchmodSync(target, 0o600);
      return await copyChunks(source, target, limits, turns);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

async function copyChunks(source: number, target: number, limits: CopyLimits, turns: Turns): Promise<CopyOutcome> {
  const digest = new RunningDigest();
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const startSize = limits.start?.size ?? 0;
  let at = 0;
  for (;;) {
    const bytes = readSync(source, chunk, 0, CHUNK_BYTES, at);
    if (bytes === 0) break;
    const old = Math.max(0, Math.min(bytes, startSize - at));
    digest.add(chunk.subarray(0, old));
    if (chunk.subarray(old, bytes).includes(0)) return "with holes";
    at += bytes;
    // The file may grow while it is copied.
    if (at > maxSize(limits)) return "too large";
    for (let written = 0; written < bytes;) written += writeSync(target, chunk, written, bytes - written);
    await turns.pause();
  }
  const { size, digest: found } = digest.fingerprint;
  const isKept = limits.start === undefined || (size === startSize && found === limits.start.digest);
  return isKept ? { bytes: at - startSize } : "the earlier part of the session was changed";
}

function maxSize({ start, maxGrowth }: CopyLimits): number {
  return (start?.size ?? 0) + maxGrowth;
}
