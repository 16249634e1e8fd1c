import { resolve } from "node:path";
import { VERSION } from "#base/build.ts";
import { AppError } from "#base/errors.ts";
import { formatBytes } from "#base/format-values.ts";
import { expandHome, lstatIfAny } from "#base/paths.ts";
import { formatPlural } from "#base/text.ts";
import type { ExportCheck, ExportedTask } from "#board/api/export.ts";
import { describeBoard } from "#board/server/board-info.ts";
import { explainSystemCall } from "#git/system-failure.ts";
import { prepareFile } from "#platform/files/files.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import type { AppContext } from "#tasks/context.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { withStopSignal } from "#cli/framework/stop-signal.ts";
import { ask, canAsk } from "#cli/setup/ask.ts";
import { printBytes, printErrors, printLines } from "#cli/terminal/output.ts";
import { compose, paint, withoutControls } from "#cli/terminal/style.ts";

/** Maximum number of secrets that are listed. */
const MAX_LISTED = 30;

export const exportCommand = defineCommand({
  name: "export",
  group: "tasks",
  summary: "Write a task as one HTML file that opens anywhere, for a review or a report",
  details:
    "The file has the conversation, the diff, the result and the facts of the task, and reaches no network. Before it is written, all " +
    "that looks like a secret is listed on stderr: forms of tokens and keys, and the values of environment variables whose names " +
    "say that they are secrets. On a terminal, the command then asks. Not every secret can be recognized: look at the file before you " +
    "pass it on. The home folder is shown as ~.",
  operands: ONE_TASK,
  options: {
    output: {
      type: "string",
      short: "o",
      placeholder: "file",
      kind: "file",
      summary: "File to write, - for stdout (default: <task>.html in the current folder)",
    },
    "no-diff": { type: "boolean", summary: "Leave the diff out" },
    "with-output": { type: "boolean", summary: "Include outputs of commands that are longer than 64 KB" },
    redact: { type: "boolean", summary: "Replace what looks like a secret by [redacted]" },
    yes: { type: "boolean", short: "y", summary: "Do not ask before secrets are written" },
    force: { type: "boolean", short: "f", summary: "Overwrite the file" },
  },
  examples: [
    ["export implement-parser-v1 --redact", "Write implement-parser-v1 without its secrets, for a bug report"],
    ["export implement-parser-v1 -o - --no-diff > task.html", "Print the file"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    // Only this command and the board need the page.
    const { checkExport, hideHome, redactExport } = await import("#board/export/clean-export.ts");
    const { listKnownSecrets } = await import("#board/export/find-secrets.ts");
    const { renderExport } = await import("#board/export/render-export.ts");
    const context = openCommandContext();
    const data = await collect(context, name, options["no-diff"], options["with-output"]);
    if (data === undefined) return 130;
    const { output = `${data.task.card.id}.html`, redact, yes, force } = options;
    const path = output === "-" ? undefined : resolve(expandHome(output));
    if (path !== undefined && !force && lstatIfAny(path) !== undefined) throw alreadyThere(path);
    const known = listKnownSecrets(process.env);
    const check = await checkExport(data, known);
    printSecrets(check, redact);
    if (check.secrets > 0 && !redact && !(yes || (await isConfirmed()))) return 1;
    const exported = await hideHome(redact ? await redactExport(data, known) : data);
    const html = (await Array.fromAsync(renderExport(exported))).join("");
    if (path === undefined) printBytes(Buffer.from(html));
    else {
      // A signal must not end the program between the writing of the file and its rename.
      await withStopSignal(async () => write(path, html, data));
    }
    return 0;
  },
});

/** Reads the task. @returns undefined if a signal has stopped it */
async function collect(
  app: AppContext,
  name: string,
  noDiff: boolean,
  hasOutput: boolean,
): Promise<ExportedTask | undefined> {
  const { collectExport } = await import("#board/export/collect-export.ts");
  const { exportReaders } = await import("#board/export/export-readers.ts");
  const info = describeBoard(app, true);
  return withStopSignal(async (signal) =>
    withTemporaryFolder({ fallback: info.home }, async (temporary) => {
      const stopped = Promise.withResolvers<undefined>();
      signal.addEventListener("abort", () => stopped.resolve(undefined));
      const parts = { hasDiff: !noDiff, hasOutput };
      return Promise.race([
        collectExport(exportReaders({ app, info, temporary }), name, parts, VERSION),
        stopped.promise,
      ]);
    }),
  );
}

function printSecrets({ secrets, found }: ExportCheck, isRedacted: boolean): void {
  if (secrets === 0) return;
  const fate = isRedacted ? "are redacted" : "are exported; --redact replaces them";
  printErrors([paint(`${formatPlural(secrets, "text")} that may be secret ${fate}:`, "yellow")]);
  printErrors(
    found.slice(0, MAX_LISTED).map(({ kind, place, masked, count }) => {
      const times = count === 1 ? "" : `, ${count} times`;
      return compose`  ${withoutControls(kind)}: ${paint(withoutControls(masked), "bold")} in ${withoutControls(place)}${times}`;
    }),
  );
  if (found.length > MAX_LISTED) printErrors([`  … and ${found.length - MAX_LISTED} more`]);
}

/** Asks whether secrets may be written; without a terminal, the list has been printed and that is enough. */
async function isConfirmed(): Promise<boolean> {
  if (!canAsk()) return true;
  if (/^y(?:es)?$/i.test(await ask("Write them to the file? [y/N] "))) return true;
  printErrors(["Nothing was written. Add --redact to leave them out."]);
  return false;
}

function write(path: string, html: string, { left_out }: ExportedTask): void {
  try {
    const file = prepareFile(path, html);
    try {
      file.publish();
    } catch (error) {
      file.discard();
      throw error;
    }
  } catch (error) {
    throw explainSystemCall(path, error) ?? error;
  }
  printLines([compose`${withoutControls(path)} (${formatBytes(Buffer.byteLength(html))})`]);
  printErrors(left_out.map((line) => paint(withoutControls(line), "dim")));
}

function alreadyThere(path: string): AppError {
  return new AppError(
    "invalid_argument",
    `${path} already exists.`,
    "Add --force to overwrite it, or choose another with --output.",
  );
}
