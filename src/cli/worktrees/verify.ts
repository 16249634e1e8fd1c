import { AppError } from "#base/errors.ts";
import { findProofs } from "#worktrees/proof/find-proofs.ts";
import type { ReplayRequest } from "#worktrees/proof/replay.ts";
import { type PointState, type VerifiedProof, verifyProof } from "#worktrees/proof/verify-proof.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { withStopSignal } from "#cli/framework/stop-signal.ts";
import { ask, canAsk } from "#cli/setup/ask.ts";
import { printErrors, printJson, printLines } from "#cli/terminal/output.ts";
import { compose, multiline, paint, type Text, withoutControls } from "#cli/terminal/style.ts";

export const verifyCommand = defineCommand({
  name: "verify",
  group: "worktrees",
  summary: "Verify a proof: a file, or those of a task or commit",
  details:
    "Verifies its signature and its commits, and runs its check again. Exits with 0 if every claim of the proof was " +
    "verified, with 1 if one is false, with 2 if one could not be verified. The check of a proof is a command that others may have written: it is shown, and run only if you agree or with --yes, in a " +
    "temporary worktree.",
  operands: { usage: "<proof>", min: 1, max: 1, kind: "task" },
  options: {
    yes: { type: "boolean", short: "y", summary: "Run the check without asking" },
    "no-replay": { type: "boolean", summary: "Do not run the check" },
    "any-signer": { type: "boolean", summary: "Accept an unknown signer, or none" },
    json: JSON_OPTION,
  },
  examples: [
    ["verify proof.json", "Verify a proof that was saved"],
    ["verify implement-parser-v1", "Verify the proof that is kept for a task"],
    ["verify HEAD --yes", "Verify the proofs of a commit, and run their checks"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    const { yes, json, "no-replay": noReplay, "any-signer": acceptsAnySigner } = options;
    if (yes && noReplay) {
      throw new AppError("invalid_argument", "--yes and --no-replay contradict each other.", "Use one of them.");
    }
    const context = openCommandContext();
    const { texts, ...where } = await findProofs(context, name, process.cwd());
    const confirm = noReplay ? undefined : yes ? async () => true : askToRun;
    const verified = await withStopSignal(async (signal) => {
      const all: VerifiedProof[] = [];
      for (const text of texts) {
        all.push(await verifyProof(context, text, { ...where, acceptsAnySigner, confirm, signal }));
      }
      return all;
    });
    if (json) printJson(verified.map(({ statement, ...rest }) => Object.assign(rest, { statement })));
    else printLines(verified.flatMap(describe));
    return worstExitCode(verified);
  },
});

function worstExitCode(verified: readonly VerifiedProof[]): number {
  if (verified.some(({ verdict }) => verdict === "failed")) return 1;
  return verified.every(({ verdict }) => verdict === "ok") ? 0 : 2;
}

/** Shows a command of a proof, and asks whether it may be run. Without a terminal, it is not run. */
async function askToRun({ command, commit, setup, isSandboxed }: ReplayRequest): Promise<boolean> {
  if (!canAsk()) {
    printErrors(["The check was not run: there is no terminal to ask. Read it with --no-replay, then use --yes."]);
    return false;
  }
  const first =
    setup === undefined ? [] : [compose`after your setup command, without a sandbox: ${paint(setup, "bold")}`];
  const where = isSandboxed ? "in Codex's sandbox" : "WITHOUT a sandbox, with your permissions";
  printLines([
    compose`The proof names this command, to be run ${where} on the files of commit ${commit.slice(0, 12)}:`,
    compose`  ${paint(command, "bold")}`,
    ...first,
  ]);
  return /^y(?:es)?$/i.test(await ask("Run it? [y/N] "));
}

const COLOURS = { ok: "green", failed: "red", unknown: "yellow", skipped: "dim" } as const;

const WORDS: Record<PointState, string> = { ok: "ok", failed: "FAILED", unknown: "not known", skipped: "skipped" };

function describe({ statement, points, remarks, verdict }: VerifiedProof): Text[] {
  const task = statement?.predicate.task;
  const title = task === undefined ? "An unreadable proof" : `Proof of ${task.id}, run ${task.run}`;
  return [
    compose`${paint(withoutControls(title), "bold")}: ${paint(WORDS[verdict], COLOURS[verdict])}`,
    ...points.map(
      ({ name, state, text }) =>
        compose`  ${paint(WORDS[state].padEnd(10), COLOURS[state])} ${name.padEnd(10)} ${multiline(text)}`,
    ),
    ...remarks.map((remark) => compose`  ${withoutControls(remark)}`),
  ];
}
