import * as v from "valibot";
import { readSessionTail } from "./session-file.ts";

/** Pattern of the message that replaces a command's output if Codex could not set up its sandbox (0.169). */
const MESSAGE = /^(?:bwrap: |error building bubblewrap command|(?:thread .* panicked.*\n)?bubblewrap is unavailable)/;

/** Returns whether an output says that the command never ran because the sandbox could not be set up. */
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
 * Returns whether commands of a run failed for lack of the sandbox without an event in the log, as happens if no temporary file can be
 * created. The session's record lists them.
 * @param since start of the run: a session may span several runs
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
