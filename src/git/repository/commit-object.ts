import { gitBytes } from "#git/git.ts";

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
