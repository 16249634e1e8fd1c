import * as v from "valibot";
import { readSessionTail } from "./session-file.ts";

/** What stands in the place of a command's output where Codex could not set up its sandbox for it (0.169). */
const MESSAGE = /^(?:bwrap: |error building bubblewrap command|(?:thread .* panicked.*\n)?bubblewrap is unavailable)/;

/** Whether an output says that the command never ran, for want of the sandbox. */
export function isSandboxMessage(output: string): boolean {
  return MESSAGE.test(output.trimStart());
}

const OutputSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    timestamp: v.string(),
    payload: v.object({ type: v.literal("function_call_output"), output: v.string() }),
  }),
);

/**
 * Whether a run's commands failed for want of the sandbox without an event of theirs in the log: as
 * where no temporary file can be made. The session's record has them.
 * @param since the run's start: sessions go on over several runs
 */
export function hasUnseenSandboxFailure(codexHome: string, sessionId: string, since: string): boolean {
  return readSessionTail([codexHome], sessionId).some((line) => {
    if (!line.includes('"function_call_output"')) return false;
    const parsed = v.safeParse(OutputSchema, line);
    if (!parsed.success || Date.parse(parsed.output.timestamp) < Date.parse(since)) return false;
    const { output } = parsed.output.payload;
    return isSandboxMessage(output.slice(output.indexOf("Output:\n") + "Output:\n".length));
  });
}
