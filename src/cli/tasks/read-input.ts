import { isatty } from "node:tty";
import { AppError, errnoOf } from "#base/errors.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { printErrors } from "#cli/terminal/output.ts";

/** Largest prompt, in bytes; Codex accepts no larger one. */
const MAX_PROMPT_BYTES = 1024 * 1024;

/** Largest output schema, in bytes. */
const MAX_SCHEMA_BYTES = 256 * 1024;

/**
 * Returns the prompt or message that an operand means: itself or, for `-`, standard input.
 * @throws AppError `invalid_prompt` if it is too large or not UTF-8
 */
export async function readPrompt(operand: string, name: "prompt" | "message" = "prompt"): Promise<string> {
  if (operand !== "-") return operand;
  if (isatty(0)) printErrors([`Type the ${name}, then Ctrl-D on a line of its own.`]);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of Bun.stdin.stream()) {
      bytes += chunk.length;
      if (bytes > MAX_PROMPT_BYTES) throw tooLarge(name);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const message = `The ${name} cannot be read from stdin: ${errnoOf(error) ?? String(error)}.`;
    throw new AppError("invalid_prompt", message, "Pass a file or a pipe as stdin.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AppError("invalid_prompt", `The ${name} on stdin is not UTF-8 text.`, "Convert it to UTF-8.");
  }
}

function tooLarge(name: string): AppError {
  return new AppError(
    "invalid_prompt",
    `The ${name} on stdin is larger than ${MAX_PROMPT_BYTES} bytes.`,
    `Put long text into a file in the workspace and name the file in the ${name}.`,
  );
}

/**
 * Reads a JSON Schema from a file.
 * @throws AppError `invalid_argument`
 */
export function readOutputSchema(path: string): object {
  const outcome = readFileBounded(path, { maxBytes: MAX_SCHEMA_BYTES });
  if (!("bytes" in outcome)) throw badSchema(`--output-schema cannot be read: ${outcome.message}`);
  let schema: unknown;
  try {
    schema = JSON.parse(outcome.bytes.toString("utf8"));
  } catch (error) {
    throw badSchema(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return schema;
  throw badSchema(`${path} is not a JSON Schema, which is an object.`);
}

function badSchema(message: string): AppError {
  return new AppError("invalid_argument", message, "Pass a file with a JSON Schema of at most 256 KiB.");
}
