import { makeProof } from "#worktrees/proof/make-proof.ts";
import { NOTES_REF } from "#worktrees/proof/proof-notes.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printErrors, printJson } from "#cli/terminal/output.ts";

export const proofCommand = defineCommand({
  name: "proof",
  group: "worktrees",
  summary: "Print a signed statement of what a task was asked, did and was checked for",
  details:
    "Prints an in-toto statement in a DSSE envelope: the digest of the prompt, the program, the commits, what the kernel enforced, and the " +
    "outcome of checks. Signs it with git's signing key (user.signingKey) if there is one, and keeps it as a git note of the task's " +
    `commit (${NOTES_REF}).`,
  operands: ONE_TASK,
  options: {
    statement: { type: "boolean", summary: "Print the readable statement instead of the envelope" },
    "with-prompt": { type: "boolean", summary: "Include the prompt itself" },
    "no-sign": { type: "boolean", summary: "Do not sign it" },
    "no-note": { type: "boolean", summary: "Do not keep it as a git note" },
  },
  examples: [
    ["proof implement-parser-v1 > proof.json", "Save the proof of a task"],
    ["proof implement-parser-v1 --statement --no-note", "Read what it says"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    const proof = await makeProof(openCommandContext(), name, {
      withPrompt: options["with-prompt"],
      isSigned: !options["no-sign"],
      isKept: !options["no-note"],
    });
    const { statement, envelope, keyid, notes } = proof;
    printJson(options.statement ? statement : envelope);
    const unsigned = options["no-sign"] ? "not signed" : "not signed: git has no user.signingKey";
    printErrors([keyid === undefined ? unsigned : `signed by ${keyid}`]);
    printErrors(notes.map((commit) => `kept as a note of commit ${commit.slice(0, 12)}`));
    return 0;
  },
});
