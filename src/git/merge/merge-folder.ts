import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { logger } from "#base/log.ts";
import { realPath, statIfAny } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { ProgramResult } from "#platform/start/run-program.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { type ByteName, toByteName, splitNul, toBytes } from "#git/byte-names.ts";
import { findGitFolders, readGitLink } from "#git/git-folders.ts";
import { git, gitBytes } from "#git/git.ts";
import { readObjects } from "#git/repository/objects.ts";
import { type GitEnvironment, GIT_FILES_DEADLINE_MS, runGit } from "#git/run-git.ts";
import { GITLINK } from "#git/changes/status.ts";
import { toConfigVariables } from "#git/local-programs.ts";
import { checkOutForDrivers, usesDriver, driverNames, readDrivers, redirectDrivers } from "./driver-files.ts";

/** Maximum total size of a tree's attribute files, in bytes. */
const MAX_ATTRIBUTES_BYTES = 256 * 1024 * 1024;
/** Maximum size of an attribute file in bytes; git itself ignores larger ones. */
const MAX_FILE_BYTES = 100 * 1024 * 1024;
const MAX_LISTING_BYTES = 512 * 1024 * 1024;

/** Place for `git merge-tree` to run in. */
export interface PreparedMerges {
  folder: string;
  environment: GitEnvironment;
  /** Names of the configured merge drivers, which were not run. */
  drivers: ReadonlySet<string>;
}

/**
 * Temporary working tree in which git computes merges, so that none of the user's is touched. It holds only the files that git
 * reads during a merge: attribute files, and links to the objects of submodules.
 */
export class MergeFolder {
  readonly #repository: string;
  readonly #commonDir: string;
  readonly #checkout: string | undefined;
  readonly #folder: string;
  readonly #tree: string;
  /** Commit whose attributes are written out. */
  #writtenOf: string | undefined;
  /** Blobs that are written out, by path. */
  #written = new Map<string, string>();
  /** Written blobs that name a merge driver. */
  readonly #namingDriver = new Set<string>();
  /** Parents of commits that differ from those in the repository. */
  readonly #parents = new Map<string, readonly string[]>();
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
   * Creates a merge folder, runs a function with it, and removes it.
   * @param repository a folder in which git commands for the repository run
   * @param checkout the user's working tree, in which submodules may be checked out
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

  /** Returns variables with which git sees the history as {@link addParent} has changed it. */
  get history(): GitEnvironment {
    return this.#parents.size === 0 ? {} : { GIT_GRAFT_FILE: this.#writeGrafts(this.#grafts) };
  }

  /** Makes git see a commit with an additional parent. */
  async addParent(commit: string, parent: string): Promise<void> {
    const known = this.#parents.get(commit);
    const parents = known ?? (await git(this.#repository, ["rev-parse", "--revs-only", `${commit}^@`])).split("\n");
    this.#parents.set(commit, [...parents.filter(Boolean), parent]);
  }

  /** Lines of a graft file: a commit, followed by its parents. */
  get #grafts(): string[] {
    return [...this.#parents].map(([commit, parents]) => [commit, ...parents].join(" "));
  }

  /**
   * Runs `git merge-tree` for two commits, with the attributes of the first.
   * @param base the commit to compare both with, neither of the two; undefined: their merge base
   * @throws AppError as `tryGit` does
   */
  async mergeTree(ours: string, theirs: string, base: string | undefined): Promise<ProgramResult> {
    await this.#writeAttributes(ours);
    // git before 2.40 does not accept a base: it finds the base if both histories are cut off there.
    const lines = base === undefined ? this.#grafts : [base, `${ours} ${base}`, `${theirs} ${base}`];
    const place = this.#variables();
    const environment = { ...redirectDrivers(this.#drivers), ...place, GIT_GRAFT_FILE: this.#writeGrafts(lines) };
    // -z: fields end with NUL.
    const args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs];
    const merge = async () => runGit(this.#tree, args, { environment, deadlineMs: GIT_FILES_DEADLINE_MS });
    const isDriven = this.#isDriven();
    const result = isDriven ? undefined : await merge();
    // The user's own attributes, which apply everywhere, may name a driver too.
    if (result !== undefined && (result.exitCode !== 1 || this.#drivers.size === 0)) return result;
    await checkOutForDrivers(this.#tree, ours, this.#checkout, place);
    return merge();
  }

  /**
   * Prepares merges into commits that have the same attributes as the given one. No merge driver is run: each fails, which is a
   * conflict.
   */
  async prepareMany(ours: string): Promise<PreparedMerges> {
    await this.#writeAttributes(ours);
    const failing = toConfigVariables([...this.#drivers.keys()].map((key) => [key, "false"]));
    const graft = { GIT_GRAFT_FILE: this.#writeGrafts([]) };
    const environment = { ...(this.#drivers.size > 0 && failing), ...this.#variables(), ...graft };
    return { folder: this.#tree, environment, drivers: driverNames(this.#drivers) };
  }

  /** Returns whether any merge driver is configured. */
  get hasDrivers(): boolean {
    return this.#drivers.size > 0;
  }

  #variables(): GitEnvironment {
    return { GIT_DIR: this.#commonDir, GIT_WORK_TREE: this.#tree, GIT_INDEX_FILE: join(this.#folder, "index") };
  }

  /** Returns whether the repository's own attributes name a merge driver. */
  #isDriven(): boolean {
    if (this.#drivers.size === 0) return false;
    const info = tryReadText(join(this.#commonDir, "info", "attributes")) ?? "";
    return [...this.#written.values()].some((name) => this.#namingDriver.has(name)) || usesDriver(info, this.#drivers);
  }

  #writeGrafts(lines: readonly string[]): string {
    const file = join(this.#folder, "grafts");
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    return file;
  }

  /** Writes out the attribute files of a commit: git reads those that are checked out, not those that are merged. */
  async #writeAttributes(commit: string): Promise<void> {
    if (this.#writtenOf === commit) return;
    this.#writtenOf = undefined;
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
    const blobs = await filterReadable(this.#repository, [...new Set(missing.map(([, name]) => name))]);
    const read = await readObjects(this.#repository, blobs, MAX_ATTRIBUTES_BYTES);
    const contents = new Map(blobs.map((name, index) => [name, read[index]]));
    for (const [path, name] of missing) this.#write(path, contents.get(name) ?? Buffer.alloc(0));
    for (const [name, text] of contents) {
      if (usesDriver(text?.toString() ?? "", this.#drivers)) this.#namingDriver.add(name);
    }
    this.#written = wanted;
    this.#writtenOf = commit;
  }

  /** Points git to the objects of a submodule that the user has checked out, by which it determines which of two commits is newer. */
  #linkSubmodule(path: ByteName): void {
    if (this.#checkout === undefined) return;
    const submodule = join(this.#checkout, toBytes(path).toString());
    const gitFolder = readGitLink(submodule) ?? join(submodule, ".git");
    if (statIfAny(gitFolder)?.isDirectory() !== true) return;
    this.#write(`${path}/.git`, Buffer.from(`gitdir: ${gitFolder}\n`));
  }

  /** Writes a file, if possible: a file has no effect if the tree has a file in place of its folder. */
  #write(path: ByteName, content: Buffer): void {
    try {
      mkdirSync(this.#place(dirname(path)), { recursive: true });
      if (this.#isWithin(path)) writeFileSync(this.#place(path), content);
    } catch (error) {
      logger("git").debug`${path} was not written for a merge: ${String(error)}`;
    }
  }

  /**
   * Returns whether no link leads out of the file's folder: a tree may have a link and a folder of the same name, and nothing
   * may be written through the link.
   */
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
    return toBytes(`${toByteName(this.#tree)}/${path}`);
  }
}

/** An entry of a tree. */
interface TreeEntry {
  mode: string;
  name: string;
  path: ByteName;
}

/** Pattern of names that lead out of a tree, or into git's own folder. */
const UNSAFE = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;

/** Picks the relevant entries of `git ls-tree -r -z`: attribute files, `.gitmodules`, and submodules. */
function* pickEntries(listing: Buffer): Generator<TreeEntry> {
  for (const line of splitNul(listing)) {
    const [, mode = "", name = "", path = ""] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    const matters = mode === GITLINK || path === ".gitmodules" || /(?:^|\/)\.gitattributes$/.test(path);
    if (matters && !UNSAFE.test(path)) yield { mode, name, path };
  }
}

/** Returns those blobs that git would read as attributes. */
async function filterReadable(repository: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const input = Buffer.from(names.map((name) => `${name}\n`).join(""));
  const answer = (await gitBytes(repository, ["cat-file", "--batch-check"], { input })).toString();
  // Each line is `name type size`.
  const lines = answer.split("\n").map((line) => line.split(" "));
  return lines.flatMap(([name = "", , size]) => (Number(size) <= MAX_FILE_BYTES ? [name] : []));
}
