import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { logger } from "#base/log.ts";
import { realPath, statIfAny } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { ProgramResult } from "#platform/start/run-program.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { type ByteName, nameOf, splitNul, toBytes } from "#git/byte-names.ts";
import { findGitFolders, readGitLink } from "#git/git-folders.ts";
import { git, gitBytes } from "#git/git.ts";
import { readObjects } from "#git/read-objects.ts";
import { type GitEnvironment, GIT_FILES_DEADLINE_MS, runGit } from "#git/run-git.ts";
import { GITLINK } from "#git/changes/submodules.ts";
import { checkOutForDrivers, namesDriver, readDrivers, redirectDrivers } from "./driver-files.ts";

/** Limit of all attribute files of a tree together. */
const MAX_ATTRIBUTES_BYTES = 256 * 1024 * 1024;
/** Git itself ignores a larger file of attributes. */
const MAX_FILE_BYTES = 100 * 1024 * 1024;
const MAX_LISTING_BYTES = 512 * 1024 * 1024;

/**
 * A working tree of our own in which git computes merges, so that none of the user's is touched. It holds only what git looks
 * at while it merges: files of attributes, and where submodules have their objects.
 */
export class MergeFolder {
  readonly #repository: string;
  readonly #commonDir: string;
  readonly #checkout: string | undefined;
  readonly #folder: string;
  readonly #tree: string;
  /** The blobs that are written out, by path. */
  #written = new Map<string, string>();
  /** Those of them that name a merge driver. */
  readonly #naming = new Set<string>();
  #lines: string[] = [];
  #drivers: ReadonlyMap<string, string> = new Map();

  private constructor(repository: string, commonDir: string, checkout: string | undefined, folder: string) {
    this.#repository = repository;
    this.#commonDir = commonDir;
    this.#checkout = checkout;
    this.#folder = folder;
    const tree = join(folder, "tree");
    mkdirSync(tree);
    this.#tree = realPath(tree);
  }

  /**
   * Makes such a folder, does something in it, and removes it.
   * @param repository a folder in which git commands for the repository run
   * @param checkout the user's working tree, where submodules may be checked out
   */
  static async use<T>(
    repository: string,
    checkout: string | undefined,
    work: (folder: MergeFolder) => Promise<T>,
  ): Promise<T> {
    const { commonDir = repository } = findGitFolders(repository) ?? {};
    return withTemporaryFolder({ fallback: commonDir }, async (folder) => {
      const made = new MergeFolder(repository, commonDir, checkout, folder);
      made.#drivers = await readDrivers(repository);
      return work(made);
    });
  }

  /** Variables with which git sees history as {@link pretend} says. */
  get history(): GitEnvironment {
    return this.#lines.length === 0 ? {} : { GIT_GRAFT_FILE: this.#writeGrafts(this.#lines) };
  }

  /** Lets git see a commit with one more parent. */
  async pretend(commit: string, another: string): Promise<void> {
    const parents = await git(this.#repository, ["rev-parse", "--revs-only", `${commit}^@`]);
    this.#lines.push([commit, ...parents.split("\n").filter(Boolean), another].join(" "));
  }

  /**
   * Runs `git merge-tree` for two commits, with the attributes of the first.
   * @param base what both are compared with, neither of the two; undefined: where their histories part
   * @throws AppError as `tryGit` does
   */
  async mergeTree(ours: string, theirs: string, base: string | undefined): Promise<ProgramResult> {
    await this.#writeAttributes(ours);
    // git before 2.40 cannot be given a base: it finds it where histories are cut off there.
    const lines = base === undefined ? this.#lines : [base, `${ours} ${base}`, `${theirs} ${base}`];
    const place = {
      GIT_DIR: this.#commonDir,
      GIT_WORK_TREE: this.#tree,
      GIT_INDEX_FILE: join(this.#folder, "index"),
    };
    const environment = { ...redirectDrivers(this.#drivers), ...place, GIT_GRAFT_FILE: this.#writeGrafts(lines) };
    // -z: fields end with NUL.
    const args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs];
    const merge = async () => runGit(this.#tree, args, { environment, deadlineMs: GIT_FILES_DEADLINE_MS });
    const isDriven = this.#isDriven();
    const result = isDriven ? undefined : await merge();
    // Attributes of the user's own, which apply everywhere, may name a driver too.
    if (result !== undefined && (result.exitCode !== 1 || this.#drivers.size === 0)) return result;
    await checkOutForDrivers(this.#tree, ours, this.#checkout, place);
    return merge();
  }

  /** Whether the repository's own attributes name a merge driver. */
  #isDriven(): boolean {
    if (this.#drivers.size === 0) return false;
    const info = tryReadText(join(this.#commonDir, "info", "attributes")) ?? "";
    return [...this.#written.values()].some((name) => this.#naming.has(name)) || namesDriver(info, this.#drivers);
  }

  #writeGrafts(lines: readonly string[]): string {
    const file = join(this.#folder, "grafts");
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    return file;
  }

  /** Writes out the files of attributes of a commit: git reads those that are checked out, and not those that are merged. */
  async #writeAttributes(commit: string): Promise<void> {
    const wanted = new Map<string, string>();
    const args = ["ls-tree", "-r", "-z", "--full-tree", commit];
    const listing = await gitBytes(this.#repository, args, { maxOutputBytes: MAX_LISTING_BYTES });
    for (const { mode, name, path } of pickEntries(listing)) {
      if (mode === GITLINK) this.#linkSubmodule(path);
      else if (mode.startsWith("100")) wanted.set(path, name);
    }
    for (const path of this.#written.keys()) {
      if (!wanted.has(path) && this.#isWithin(path)) rmSync(this.#place(path), { force: true });
    }
    const missing = [...wanted].filter(([path, name]) => this.#written.get(path) !== name);
    const blobs = await keepReadable(this.#repository, [...new Set(missing.map(([, name]) => name))]);
    const read = await readObjects(this.#repository, blobs, MAX_ATTRIBUTES_BYTES);
    const contents = new Map(blobs.map((name, index) => [name, read[index]]));
    for (const [path, name] of missing) this.#write(path, contents.get(name) ?? Buffer.alloc(0));
    for (const [name, text] of contents) if (namesDriver(text?.toString() ?? "", this.#drivers)) this.#naming.add(name);
    this.#written = wanted;
  }

  /** Leads git to the objects of a submodule that the user has checked out: it finds there which of two commits comes after the other. */
  #linkSubmodule(path: ByteName): void {
    if (this.#checkout === undefined) return;
    const submodule = join(this.#checkout, toBytes(path).toString());
    const gitFolder = readGitLink(submodule) ?? join(submodule, ".git");
    if (statIfAny(gitFolder)?.isDirectory() !== true) return;
    this.#write(`${path}/.git`, Buffer.from(`gitdir: ${gitFolder}\n`));
  }

  /** Writes a file, if it can be: one in whose folder's place the tree has a file, too, has no effect. */
  #write(path: ByteName, content: Buffer): void {
    try {
      mkdirSync(this.#place(dirname(path)), { recursive: true });
      if (this.#isWithin(path)) writeFileSync(this.#place(path), content);
    } catch (error) {
      logger("git").debug`not written for a merge: ${path} (${String(error)})`;
    }
  }

  /** A tree may have a link and a folder of one name: nothing is written through the former. */
  #isWithin(path: ByteName): boolean {
    const parent = dirname(path);
    const expected = parent === "." ? Buffer.from(this.#tree) : this.#place(parent);
    try {
      return realpathSync(expected, "buffer").equals(expected);
    } catch {
      return false;
    }
  }

  #place(path: ByteName): Buffer {
    return toBytes(`${nameOf(this.#tree)}/${path}`);
  }
}

/** An entry of a tree. */
interface TreeEntry {
  mode: string;
  name: string;
  path: ByteName;
}

/** Names that lead out of a tree, or into git's own folder. */
const UNSAFE = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;

/** Picks what matters of `git ls-tree -r -z`: files of attributes, `.gitmodules`, and submodules. */
function* pickEntries(listing: Buffer): Generator<TreeEntry> {
  for (const line of splitNul(listing)) {
    const [, mode = "", name = "", path = ""] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    const matters = mode === GITLINK || path === ".gitmodules" || /(?:^|\/)\.gitattributes$/.test(path);
    if (matters && !UNSAFE.test(path)) yield { mode, name, path };
  }
}

/** Returns those blobs that git would read as attributes. */
async function keepReadable(repository: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const input = Buffer.from(names.map((name) => `${name}\n`).join(""));
  const answer = (await gitBytes(repository, ["cat-file", "--batch-check"], { input })).toString();
  // Each as `name type size`.
  const lines = answer.split("\n").map((line) => line.split(" "));
  return lines.flatMap(([name = "", , size]) => (Number(size) <= MAX_FILE_BYTES ? [name] : []));
}
