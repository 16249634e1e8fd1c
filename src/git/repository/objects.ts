import { gitBytes, tryGit } from "#git/git.ts";
import type { GitEnvironment } from "#git/run-git.ts";

/** A commit as git stores it, with every byte preserved: neither names nor messages have to be UTF-8. */
export interface CommitObject {
  tree: string;
  parents: string[];
  /** Name, mail address, seconds and time zone. */
  author: Buffer;
  /** Encoding of the message, if not UTF-8. */
  encoding: Buffer | undefined;
  message: Buffer;
}

/** Reads a commit. @throws AppError `git_failed` */
export async function readCommit(folder: string, commit: string): Promise<CommitObject> {
  return parseCommit(await gitBytes(folder, ["cat-file", "commit", commit]));
}

/** Parses `header value` lines up to an empty line; the rest is the message. */
function parseCommit(bytes: Buffer): CommitObject {
  const end = bytes.indexOf("\n\n");
  const head = end < 0 ? bytes : bytes.subarray(0, end);
  const lines = head.toString("latin1").split("\n");
  const valuesOf = (name: string) =>
    lines
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => Buffer.from(line.slice(name.length + 1), "latin1"));
  return {
    tree: String(valuesOf("tree")[0]),
    parents: valuesOf("parent").map(String),
    author: valuesOf("author")[0] ?? Buffer.alloc(0),
    encoding: valuesOf("encoding")[0],
    message: end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 2),
  };
}

/**
 * Stores a commit byte for byte.
 * @param committer in the format of `git var GIT_COMMITTER_IDENT`
 * @throws AppError `git_failed`
 */
export async function storeCommit(folder: string, commit: CommitObject, committer: Buffer): Promise<string> {
  const line = (name: string, value: string | Buffer) =>
    Buffer.concat([Buffer.from(`${name} `), Buffer.from(value), Buffer.from("\n")]);
  const input = Buffer.concat([
    line("tree", commit.tree),
    ...commit.parents.map((parent) => line("parent", parent)),
    line("author", commit.author),
    line("committer", committer),
    ...(commit.encoding === undefined ? [] : [line("encoding", commit.encoding)]),
    Buffer.from("\n"),
    commit.message,
  ]);
  // --literally: others may have written authors that today's git would reject.
  const args = ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"];
  return (await gitBytes(folder, args, { input })).toString().trim();
}

/** Parts of an author line. */
export interface AuthorParts {
  name: string;
  mail: string;
  /** Seconds and time zone. */
  date: string;
}

/** Splits an author line into its parts. @returns undefined if it is malformed, or not in UTF-8 */
export function parseAuthor(author: Buffer): AuthorParts | undefined {
  const text = author.toString();
  if (!Buffer.from(text).equals(author)) return undefined;
  const [, name = "", mail = "", date = ""] = /^(.*?) ?<(.*?)> (\d+ [+-]\d{4})$/.exec(text) ?? [];
  return date === "" ? undefined : { name, mail, date };
}

/** Request to make a commit of existing objects. */
interface NewCommit {
  tree: string;
  parents: readonly string[];
  /** Commit message; may be empty. */
  message: string | Buffer;
  /** Variables that name author and committer; by default the user's configuration applies. */
  environment?: GitEnvironment;
  /** Whether to sign it as the user. */
  isSigned?: boolean;
}

/**
 * Makes a commit without touching a working tree or a branch.
 * @returns its object name
 * @throws AppError `git_failed`, `identity_missing`
 */
export async function writeCommit(
  folder: string,
  { tree, parents, message, environment, isSigned = false }: NewCommit,
): Promise<string> {
  // For git, an empty text after `-m` counts as no message, and it reads standard input: so the message is always passed there.
  const isWhole = typeof message !== "string" || message === "" || message.endsWith("\n");
  const input = Buffer.from(isWhole ? message : `${message}\n`);
  const args = ["commit-tree", ...(isSigned ? ["-S"] : []), ...parents.flatMap((parent) => ["-p", parent]), tree];
  return (await gitBytes(folder, args, { input, ...(environment !== undefined && { environment }) })).toString().trim();
}

/** Returns whether the user signs all their commits in a repository. */
export async function signsCommits(folder: string): Promise<boolean> {
  const { stdout } = await tryGit(folder, ["config", "--type=bool", "--get", "commit.gpgSign"]);
  return stdout.trim() === "true";
}

const NAME = "codex-mcp-server";
const EMAIL = "codex-mcp-server@localhost";

/** Author of this program's own commits, which preserve something or only help to compute a merge. */
export const OUR_IDENTITY: GitEnvironment = {
  GIT_AUTHOR_NAME: NAME,
  GIT_AUTHOR_EMAIL: EMAIL,
  GIT_COMMITTER_NAME: NAME,
  GIT_COMMITTER_EMAIL: EMAIL,
};

/** Returns whether a commit has {@link OUR_IDENTITY} as its author. @throws AppError `git_failed` */
export async function isOurCommit(folder: string, commit: string): Promise<boolean> {
  return parseAuthor((await readCommit(folder, commit)).author)?.mail === EMAIL;
}

/** Returns those commits that have {@link OUR_IDENTITY} as their author. @throws AppError `git_failed` */
export async function findOurCommits(folder: string, commits: readonly string[]): Promise<ReadonlySet<string>> {
  const read = await readObjects(folder, commits, MAX_COMMITS_BYTES);
  const isOurs = (bytes: Buffer | undefined) =>
    bytes !== undefined && parseAuthor(parseCommit(bytes).author)?.mail === EMAIL;
  return new Set(commits.filter((_, index) => isOurs(read[index])));
}

/** Maximum total size of commits that are read at once, in bytes. */
const MAX_COMMITS_BYTES = 16 * 1024 * 1024;

/**
 * Reads objects in the given order, with one git command.
 * @param maxOutputBytes maximum total size of their contents, with a line for each
 * @returns the contents; undefined for a missing object
 * @throws AppError as `git` does
 */
export async function readObjects(
  repository: string,
  objects: readonly string[],
  maxOutputBytes: number,
): Promise<(Buffer | undefined)[]> {
  if (objects.length === 0) return [];
  const input = Buffer.from(objects.map((object) => `${object}\n`).join(""));
  const answer = await gitBytes(repository, ["cat-file", "--batch"], { input, maxOutputBytes });
  let at = 0;
  // Each is `name type size`, a line end, the content, a line end; a missing one is `name missing`, a line end.
  return objects.map(() => {
    const begin = answer.indexOf("\n", at) + 1;
    const size = answer.subarray(at, begin).toString().split(" ")[2];
    const end = begin + Number(size ?? 0);
    at = size === undefined ? begin : end + 1;
    return size === undefined ? undefined : answer.subarray(begin, end);
  });
}
