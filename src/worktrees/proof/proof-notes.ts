import * as v from "valibot";
import { gitBytes, tryGit } from "#git/git.ts";
import { OUR_IDENTITY } from "#git/repository/objects.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import { type Envelope, MAX_PROOF_BYTES } from "./envelope.ts";

/** Ref of the git notes in which proofs are kept. */
export const NOTES_REF = "refs/notes/codex-mcp-server";

/** Maximum size of the note of a commit, in bytes. */
const MAX_NOTE_BYTES = 4 * MAX_PROOF_BYTES;

/**
 * Keeps a proof as a git note of a commit: a line of JSON for each task. An earlier proof of the same task is replaced, other lines stay.
 * @param repository the common git folder
 * @throws AppError as git's commands do
 */
export async function keepProof(
  { store }: AppContext,
  repository: string,
  commit: string,
  envelope: Envelope,
): Promise<void> {
  const task = readTaskId(JSON.stringify(envelope));
  await withRepositoryLock(store, repository, async () => {
    const others = (await readProofLines(repository, commit)).filter((line) => readTaskId(line) !== task);
    const input = Buffer.from([...others, JSON.stringify(envelope), ""].join("\n"));
    const args = ["notes", `--ref=${NOTES_REF}`, "add", "-f", "-F", "-", commit];
    await gitBytes(repository, args, { input, environment: OUR_IDENTITY });
  });
}

/**
 * Returns the lines of a commit's note.
 * @throws AppError as git's commands do
 */
export async function readProofLines(repository: string, commit: string): Promise<string[]> {
  const { exitCode, stdout } = await tryGit(repository, ["notes", `--ref=${NOTES_REF}`, "list", commit]);
  const blob = stdout.trim();
  if (exitCode !== 0 || blob === "") return [];
  // These lines are written again with each new proof, so none may be lost.
  const note = await gitBytes(repository, ["cat-file", "blob", blob], { maxOutputBytes: MAX_NOTE_BYTES });
  return note
    .toString()
    .split("\n")
    .filter((line) => line.trim() !== "");
}

const TaskIdSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ payload: v.string() }),
  v.transform(({ payload }) => Buffer.from(payload, "base64").toString()),
  v.parseJson(),
  v.object({ predicate: v.object({ task: v.object({ id: v.string() }) }) }),
);

/** Returns the task that a line of a note is about; undefined if it is none of ours. */
export function readTaskId(line: string): string | undefined {
  const parsed = v.safeParse(TaskIdSchema, line);
  return parsed.success ? parsed.output.predicate.task.id : undefined;
}
