import { constants, lstatSync, mkdirSync, readlinkSync, type Stats, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyFile, type FileHandle, open, rm } from "node:fs/promises";
import { AppError, errnoOf } from "#base/errors.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { listSome } from "#base/text.ts";
import { findGitFolders } from "#git/git-folders.ts";
import { gitBytes } from "#git/git.ts";
import { type ByteName, toByteName, splitNul, toBytes, toText } from "#git/byte-names.ts";
import { Turns } from "#base/concurrency.ts";

/** Name of the file that selects, in git's syntax for ignored files, the ignored files to copy into a worktree. */
const INCLUDE_FILE = ".worktreeinclude";
const MAX_INCLUDE_BYTES = 1024 * 1024;

/**
 * Copies the ignored files that a working tree's `.worktreeinclude` selects into a worktree, within limits. Existing files
 * stay, and links are neither followed nor written through.
 * @returns a description of what was left out, and why; undefined if nothing was
 */
export async function copyIncluded(toplevel: string, worktree: string): Promise<string | undefined> {
  const include = readFileBounded(join(toplevel, INCLUDE_FILE), { maxBytes: MAX_INCLUDE_BYTES, within: toplevel });
  if (!("bytes" in include)) {
    return include.problem === "missing" ? undefined : `Nothing was copied into the worktree: ${include.message}`;
  }
  let wanted: ByteName[];
  try {
    wanted = await listWanted(toplevel, include.bytes, findGitFolders(toplevel)?.gitDir ?? toplevel);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "git_failed") throw error;
    return `Nothing was copied into the worktree: ${error.message}`;
  }
  const copier = new FileCopier(toplevel, worktree);
  for (const path of wanted) await copier.copy(path);
  const { leftOut } = copier;
  if (leftOut.length === 0) return undefined;
  const named = leftOut.map(({ path, reason }) => `${toText(path)} (${reason})`);
  return `Some files in ${INCLUDE_FILE} were not copied into the worktree: ${listSome(named)}.`;
}

/** Lists the ignored files that the patterns select. @param folder for a temporary file, if no other place can be written to */
async function listWanted(toplevel: string, patterns: Buffer, folder: string): Promise<ByteName[]> {
  // A copy: the file may be replaced before git reads it.
  return withTemporaryFolder({ fallback: folder }, async (temporary) => {
    const file = join(temporary, "patterns");
    writeFileSync(file, patterns);
    const list = async (which: string) =>
      splitNul(await gitBytes(toplevel, ["ls-files", "--others", "--ignored", "-z", which]));
    const [named, ignored] = await Promise.all([list(`--exclude-from=${file}`), list("--exclude-standard")]);
    const isIgnored = new Set(ignored);
    // A nested repository is listed as a folder.
    return named.filter((path) => isIgnored.has(path) && !path.endsWith("/"));
  });
}

const GIB = 1024 * 1024 * 1024;

/** Maximum numbers of files, bytes, bytes in a file, and milliseconds for one copier; sizes are the apparent sizes of files. */
const LIMITS = { files: 100_000, bytes: 4 * GIB, fileBytes: GIB, milliseconds: 60_000 };

const CHUNK_BYTES = 1024 * 1024;
const ZERO_CHUNK = Buffer.alloc(CHUNK_BYTES);

/** A file that was not copied. */
interface OmittedFile {
  path: ByteName;
  reason: string;
}

/** Copier of files from one folder to the same paths below another; it does not block the event loop, and has limits. */
class FileCopier {
  readonly leftOut: OmittedFile[] = [];
  readonly #from: ByteName;
  readonly #to: ByteName;
  readonly #turns = new Turns();
  readonly #deadline = performance.now() + LIMITS.milliseconds;
  /** Folders by path, with whether they are real folders and not links. */
  readonly #known = new Map<ByteName, boolean>();
  #files = 0;
  #bytes = 0;

  constructor(from: string, to: string) {
    this.#from = toByteName(from);
    this.#to = toByteName(to);
  }

  /** Copies one file or link, unless something exists there already; one that cannot be copied is recorded as left out. */
  async copy(path: ByteName): Promise<void> {
    await this.#turns.pause();
    try {
      const reason = await this.#tryCopy(path);
      if (reason !== undefined) this.leftOut.push({ path, reason });
    } catch (error) {
      this.leftOut.push({ path, reason: errnoOf(error) ?? String(error) });
    }
  }

  async #tryCopy(path: ByteName): Promise<string | undefined> {
    const [from, to] = [toBytes(`${this.#from}/${path}`), toBytes(`${this.#to}/${path}`)];
    if (!this.#hasPlainParents(this.#from, path, false)) return "its folder is a link";
    const stat = lstatSync(from, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const reason = this.#whyNot(stat);
    if (reason !== undefined) return reason;
    if (!this.#hasPlainParents(this.#to, path, true)) return "its folder in the worktree is a link or a file";
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return undefined;
    this.#files++;
    this.#bytes += stat.size;
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: "buffer" }), to);
    else if (isSparse(stat)) return copySparse(from, to, stat, this.#deadline);
    else await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return undefined;
  }

  #whyNot(stat: Stats): string | undefined {
    if (!stat.isFile() && !stat.isSymbolicLink()) return "not a file or link";
    if (stat.size > LIMITS.fileBytes) return "larger than 1 GiB";
    if (this.#files >= LIMITS.files) return "more than 100,000 files";
    if (this.#bytes + stat.size > LIMITS.bytes) return "more than 4 GiB in total";
    return performance.now() > this.#deadline ? "timed out" : undefined;
  }

  /** Returns whether all folders above a file are real folders; missing ones may be made. */
  #hasPlainParents(top: ByteName, path: ByteName, mayMake: boolean): boolean {
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      const folder = `${top}/${path.slice(0, end)}`;
      const isPlain = this.#known.get(folder) ?? isPlainFolder(folder, mayMake);
      this.#known.set(folder, isPlain);
      if (!isPlain) return false;
    }
    return true;
  }
}

function isPlainFolder(folder: ByteName, mayMake: boolean): boolean {
  const stat = lstatSync(toBytes(folder), { throwIfNoEntry: false });
  if (stat === undefined && mayMake) mkdirSync(toBytes(folder));
  return stat === undefined ? mayMake : stat.isDirectory();
}

function isSparse({ blocks, size }: Stats): boolean {
  return blocks * 512 < size;
}

/** Copies a file with its holes. @returns the reason if it could not be copied */
async function copySparse(from: Buffer, to: Buffer, stat: Stats, deadline: number): Promise<string | undefined> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const target = await open(to, "wx", stat.mode & 0o7777);
    try {
      if (await copyData(source, target, stat.size, deadline)) return undefined;
    } finally {
      await target.close();
    }
    await rm(to, { force: true });
    return "timed out";
  } finally {
    await source.close();
  }
}

async function copyData(source: FileHandle, target: FileHandle, size: number, deadline: number): Promise<boolean> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  await target.truncate(size);
  for (let at = 0; at < size;) {
    if (performance.now() > deadline) return false;
    const { bytesRead } = await source.read(chunk, 0, Math.min(CHUNK_BYTES, size - at), at);
    if (bytesRead === 0) break;
    const data = chunk.subarray(0, bytesRead);
    if (!data.equals(ZERO_CHUNK.subarray(0, bytesRead))) await target.write(data, 0, bytesRead, at);
    at += bytesRead;
  }
  return true;
}
