import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { checkEnd, GIT_FILES_DEADLINE_MS, startGit } from "#git/run-git.ts";
import { gitFailure } from "#git/git-failure.ts";
import { OUR_IDENTITY } from "#git/repository/objects.ts";
import { type ByteName, toByteName, toBytes } from "#git/byte-names.ts";
import { ChangedMeanwhileError, toSaveError, type FoundFile } from "./walk.ts";

const ARGS = ["fast-import", "--quiet", "--done", "--date-format=now"];
const CHUNK_BYTES = 4 * 1024 * 1024;
const ABANDON_TIMEOUT_MS = 5000;

/** Pattern of paths in git's messages, relative to its folder. */
const REMAINS =
  /(?:(?<=dumping crash report to )|(?<='))((?:[^'\n]*\/)?(?:fast_import_crash_\d+|objects\/pack\/tmp_pack_\w+))(?='|$)/gm;

/** Commit that is streamed to `git fast-import`; nothing in the repository is touched except the new ref. */
export class CommitWriter {
  readonly #folder: string;
  readonly #git: ReturnType<typeof startGit>;

  constructor(folder: string, ref: string, message: string, parents: readonly string[]) {
    this.#folder = folder;
    this.#git = startGit(folder, ARGS, { deadlineMs: GIT_FILES_DEADLINE_MS });
    const [first, ...others] = parents;
    this.#say(
      `commit ${ref}\ncommitter ${OUR_IDENTITY["GIT_COMMITTER_NAME"]} <${OUR_IDENTITY["GIT_COMMITTER_EMAIL"]}> now\n`,
    );
    this.#data(Buffer.from(message));
    if (first !== undefined) this.#say(`from ${first}\n`);
    for (const parent of others) this.#say(`merge ${parent}\n`);
    // Without this, a commit would start with its parent's files.
    this.#say("deleteall\n");
  }

  /** Adds a file with the given content. */
  async add(path: ByteName, content: Uint8Array, mode: "100644" | "100755" | "120000" = "100644"): Promise<void> {
    this.#say(`M ${mode} inline ${quote(path)}\n`);
    this.#data(content);
    await this.#flush();
  }

  /** Adds an object that the repository already has. */
  addObject(path: ByteName, object: string, type: string): void {
    this.#say(`M ${type === "tree" ? "040000" : "100644"} ${object} ${quote(path)}\n`);
  }

  /** Adds a file or link from the disk, byte for byte. @throws ChangedMeanwhileError, AppError `worktree_unusable` */
  async addFound(path: ByteName, top: string, relative: ByteName, { kind, mode }: FoundFile): Promise<void> {
    const source = toBytes(`${toByteName(top)}/${relative}`);
    if (kind === "link") return this.add(path, readLink(source), "120000");
    this.#say(`M ${(mode & 0o100) === 0 ? "100644" : "100755"} inline ${quote(path)}\n`);
    await this.#copy(source);
  }

  /** Adds the content of a file of any size, in chunks. @throws ChangedMeanwhileError, AppError `worktree_unusable` */
  async #copy(source: Buffer): Promise<void> {
    // The path may have been replaced meanwhile: do not follow a link, or wait for a pipe.
    const file = openFile(source);
    try {
      let left = fstatSync(file).size;
      this.#say(`data ${left}\n`);
      while (left > 0) {
        const piece = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
        const length = readSync(file, piece);
        if (length === 0) throw new ChangedMeanwhileError(source.toString());
        this.#write(piece.subarray(0, length));
        await this.#flush();
        left -= length;
      }
      this.#say("\n");
    } catch (error) {
      throw toSaveError(source.toString(), error);
    } finally {
      closeSync(file);
    }
  }

  /** Makes the commit. @throws AppError `git_failed` */
  async commit(): Promise<void> {
    this.#say("done\n");
    await this.#git.stdin.end();
    const result = await this.#git.ended;
    this.#removeRemains(result.stderr.toString());
    checkEnd(this.#folder, ARGS, GIT_FILES_DEADLINE_MS, result);
    if (result.exitCode !== 0) throw gitFailure(this.#folder, ARGS, result.stderr.toString().trim());
  }

  /** Ends the command without a commit; a killed git would leave a temporary object file behind. */
  async abandon(): Promise<void> {
    const timer = setTimeout(() => this.#git.kill(), ABANDON_TIMEOUT_MS);
    await Promise.resolve(this.#git.stdin.end()).catch(() => {});
    const { stderr } = await this.#git.ended;
    clearTimeout(timer);
    this.#removeRemains(stderr.toString());
  }

  /** Removes the files that git reports to have left behind: a crash report, and an object file that did not fit on the disk. */
  #removeRemains(said: string): void {
    for (const [, path = ""] of said.matchAll(REMAINS)) rmSync(resolve(this.#folder, path), { force: true });
  }

  #say(text: string): void {
    this.#write(Buffer.from(text, "latin1"));
  }

  #data(content: Uint8Array): void {
    this.#say(`data ${content.length}\n`);
    this.#write(content);
    this.#say("\n");
  }

  /** Waits until git has read what was written; if git has ended, {@link commit} reports the reason. */
  async #flush(): Promise<void> {
    await Promise.resolve(this.#git.stdin.flush()).catch(() => {});
  }

  #write(bytes: Uint8Array): void {
    void Promise.resolve(this.#git.stdin.write(bytes)).catch(() => {});
  }
}

function openFile(path: Buffer): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw toSaveError(path.toString(), error);
  }
}

function readLink(path: Buffer): Buffer {
  try {
    return readlinkSync(path, { encoding: "buffer" });
  } catch (error) {
    throw toSaveError(path.toString(), error);
  }
}

/** Quotes a name in the syntax of fast-import. */
function quote(path: ByteName): ByteName {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
