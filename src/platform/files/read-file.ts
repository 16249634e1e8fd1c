import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync, type Stats } from "node:fs";
import { errnoOf } from "#base/errors.ts";
import { isWithin } from "#base/paths.ts";

/** Reason why a file was not read. */
export type ReadProblem = "missing" | "not a file" | "too large" | "outside" | "unreadable";

/** Content of a file, or the reason why it was not read, with a one-sentence message. */
export type ReadOutcome = { bytes: Buffer } | { problem: ReadProblem; message: string };

/** Limits of one read. */
export interface ReadLimits {
  /** Maximum size in bytes; a larger file is refused, not cut. Default {@link MAX_TEXT_BYTES}. */
  maxBytes?: number;
  /** Absolute path of a folder: a file that lies outside it after following all links is refused. */
  within?: string;
}

/** Default limit of {@link readFileBounded} in bytes; settings and records are far smaller. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/** Flags for opening a file that never wait for a pipe's other end, and never make a terminal the controlling one. */
export const SAFE_OPEN = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a file at a path that this program did not choose: regular files only, within a size limit, without ever blocking. A link is
 * followed, to a regular file within the same limits. All files named by a repository, an agent or a client, and those of the state folder, are read by
 * this function.
 */
export function readFileBounded(path: string, limits: ReadLimits = {}): ReadOutcome {
  const { maxBytes = MAX_TEXT_BYTES, within } = limits;
  try {
    // Check before opening: opening a device may already have an effect.
    const before = statSync(path);
    if (!before.isFile()) return refuse("not a file", path, `is ${kindOf(before)}, not a file`);
    const file = openSync(within === undefined ? path : resolveWithin(path, within), SAFE_OPEN);
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) return refuse("not a file", path, `is ${kindOf(stat)}, not a file`);
      const bytes = stat.size > maxBytes ? undefined : readAtMost(file, stat.size, maxBytes);
      return bytes === undefined ? refuse("too large", path, `has more than ${maxBytes} bytes`) : { bytes };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof OutsideError) return refuse("outside", path, `is outside ${within}`);
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return refuse("missing", path, "does not exist");
    return refuse("unreadable", path, `cannot be read (${code ?? String(error)})`);
  }
}

/** Error for a file that exists and cannot be read as text. */
class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
  readonly problem: ReadProblem;

  constructor(problem: ReadProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/**
 * Reads a text file within the limits of {@link readFileBounded}.
 * @returns undefined if it does not exist
 * @throws UnreadableFileError if it exists and cannot be read
 */
export function readOptionalText(path: string, limits: ReadLimits = {}): string | undefined {
  const outcome = readFileBounded(path, limits);
  if ("bytes" in outcome) return outcome.bytes.toString("utf8");
  if (outcome.problem === "missing") return undefined;
  throw new UnreadableFileError(outcome.problem, outcome.message);
}

/** Reads a text file within the limits of {@link readFileBounded}; returns undefined if it does not exist or cannot be read. */
export function tryReadText(path: string, limits: ReadLimits = {}): string | undefined {
  const outcome = readFileBounded(path, limits);
  return "bytes" in outcome ? outcome.bytes.toString("utf8") : undefined;
}

/** Returns a description of a file's kind, for messages. */
export function kindOf(stat: Pick<Stats, "isDirectory" | "isFIFO" | "isSocket" | "isFile">): string {
  if (stat.isFile()) return "a file";
  if (stat.isDirectory()) return "a folder";
  if (stat.isFIFO()) return "a named pipe";
  return stat.isSocket() ? "a socket" : "a device";
}

class OutsideError extends Error {}

function resolveWithin(path: string, within: string): string {
  const real = realpathSync(path);
  if (!isWithin(real, realpathSync(within))) throw new OutsideError();
  return real;
}

/** Reads a file up to a limit. Files of /proc and /sys report size 0, so the size alone is not sufficient. */
function readAtMost(file: number, size: number, maxBytes: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(total === 0 ? Math.max(size + 1, CHUNK_BYTES) : CHUNK_BYTES);
    const bytes = readSync(file, chunk, 0, chunk.length, null);
    if (bytes === 0) return Buffer.concat(chunks, total);
    total += bytes;
    if (total > maxBytes) return undefined;
    chunks.push(chunk.subarray(0, bytes));
  }
}

function refuse(problem: ReadProblem, path: string, predicate: string): ReadOutcome {
  return { problem, message: `${path} ${predicate}.` };
}
