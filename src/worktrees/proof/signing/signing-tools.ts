import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tryGit, withoutLastNewline } from "#git/git.ts";
import { AppError } from "#base/errors.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { type ProgramResult, runProgram } from "#platform/start/run-program.ts";

/** Namespace of ssh signatures: git's, so that files of allowed signers that name it hold for proofs, too. */
export const SSH_NAMESPACE = "git";

/** Timeout of a signing program in milliseconds: a person may have to confirm on a device, or enter a passphrase. */
const SIGNING_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Variables with which git reads only the settings of the user and the system. */
const NO_REPOSITORY = { GIT_DIR: "/dev/null" };

/**
 * Returns a setting of git; undefined if it is not set.
 * @param folder a folder of the repository whose settings apply; undefined: only those of the user
 */
export async function readGitSetting(
  folder: string | undefined,
  name: string,
  type?: "path",
): Promise<string | undefined> {
  const args = ["config", ...(type === undefined ? [] : [`--type=${type}`]), "--get", name];
  const { exitCode, stdout } = await tryGit(folder ?? "/", args, folder === undefined ? NO_REPOSITORY : {});
  const value = withoutLastNewline(stdout);
  return exitCode === 0 && value !== "" ? value : undefined;
}

/** Returns the program for one kind of signatures, as git chooses it from the settings that {@link readGitSetting} reads. */
export async function findSigningProgram(folder: string | undefined, format: "ssh" | "openpgp"): Promise<string> {
  if (format === "ssh") return (await readGitSetting(folder, "gpg.ssh.program", "path")) ?? "ssh-keygen";
  const own = await readGitSetting(folder, "gpg.openpgp.program", "path");
  return own ?? (await readGitSetting(folder, "gpg.program", "path")) ?? "gpg";
}

/** Signing program to run. */
interface ToolRun {
  environment: Record<string, string>;
  input?: Buffer;
}

/**
 * Runs a signing program.
 * @returns undefined if it cannot be started
 */
export async function runSigningTool(
  command: readonly string[],
  { environment, input }: ToolRun,
): Promise<ProgramResult | undefined> {
  const limits = { deadlineMs: SIGNING_TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES };
  return runProgram({
    command,
    folder: "/",
    environment: { ...environment, LC_ALL: "C" },
    input: input ?? Buffer.alloc(0),
    ...limits,
  }).catch(() => undefined);
}

/** Calls a function with files of the given contents, in a folder that only this user can enter and that is removed afterwards. */
export async function withFiles<T>(
  contents: Readonly<Record<string, string | Uint8Array>>,
  work: (pathOf: (name: string) => string) => Promise<T>,
): Promise<T> {
  return withTemporaryFolder({ fallback: process.cwd() }, async (folder) => {
    const pathOf = (name: string) => join(folder, name);
    for (const [name, content] of Object.entries(contents)) writeFileSync(pathOf(name), content, { mode: 0o600 });
    return work(pathOf);
  });
}

/** Returns what a program said, in one line. */
export function summarizeOutput(result: ProgramResult | undefined, program: string): string {
  if (result === undefined) return `${program} cannot be started`;
  if (result.timedOut) return `${program} did not end within ${SIGNING_TIMEOUT_MS / 1000} s`;
  const lines = result.stderr
    .toString()
    .split("\n")
    .map((line) => line.trim());
  const said = lines
    .filter((line) => line !== "" && !line.startsWith("[GNUPG:]"))
    .slice(-3)
    .join("; ");
  return said === "" ? `${program} ended with exit status ${result.exitCode ?? "unknown"}` : said;
}

/** Returns the error for a key that does not sign. */
export function signingFailed(why: string): AppError {
  return new AppError(
    "signing_failed",
    `The proof could not be signed: ${why.replace(/\.$/, "")}.`,
    "Check that `git commit -S` works here, load the key into its agent, or use --no-sign.",
  );
}
