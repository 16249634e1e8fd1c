import { gitEnvironment, type GitEnvironment, gitFailure, OURS } from "./git.ts";

const NOTHING = new Uint8Array();

/**
 * Runs a git command with an answer that may be very long, of which at most the first `maxBytes` are read, up to a line's end.
 * @throws AppError `git_failed` with git's message
 */
export async function gitUpTo(
  maxBytes: number,
  folder: string,
  args: readonly string[],
  more: GitEnvironment = {},
): Promise<string> {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment(more),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stderr = child.stderr.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  if (bytes > maxBytes) {
    child.kill();
    const text = Buffer.concat(chunks).subarray(0, maxBytes);
    return text.subarray(0, text.lastIndexOf(0x0a) + 1).toString();
  }
  if ((await child.exited) !== 0) throw gitFailure(folder, args, await stderr);
  return Buffer.concat(chunks).toString();
}

/**
 * Runs a git command with something to read on its standard input, and an answer in bytes: names of files may hold any.
 * @throws AppError `git_failed` with git's message
 */
export async function gitBytes(folder: string, args: readonly string[], input: Uint8Array = NOTHING): Promise<Buffer> {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment({}),
    stdio: [input, "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw gitFailure(folder, args, stderr);
  return Buffer.from(stdout);
}

/**
 * Runs a git command with an answer that goes into an open file.
 * @throws AppError `git_failed` with git's message
 */
export async function gitToFile(folder: string, args: readonly string[], file: number): Promise<void> {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment({}),
    stdio: ["ignore", file, "pipe"],
  });
  const stderr = await child.stderr.text();
  if ((await child.exited) !== 0) throw gitFailure(folder, args, stderr);
}

/** A git command that is written to while it runs. */
export interface GitProcess {
  stdin: Bun.FileSink;
  /** Closes its input and waits for its end. @throws AppError `git_failed` */
  finish: () => Promise<void>;
  kill: () => void;
  exited: Promise<number>;
}

/** Starts such a command. */
export function gitProcess(folder: string, args: readonly string[]): GitProcess {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment({}),
    stdio: ["pipe", "ignore", "pipe"],
  });
  const stderr = child.stderr.text();
  const finish = async () => {
    await child.stdin.end();
    if ((await child.exited) !== 0) throw gitFailure(folder, args, await stderr);
  };
  return { stdin: child.stdin, finish, kill: () => child.kill(), exited: child.exited };
}
