import { AppError } from "#base/errors.ts";
import { explainFailure, firstError } from "./explain-failure.ts";

/** Returns the error for a failed git command, with a hint. @param stderr git's messages in the C locale */
export function gitFailure(folder: string, args: readonly string[], stderr: string): AppError {
  const explained = explainFailure(stderr);
  if (explained !== undefined) return explained;
  if (stderr.includes("safe.bareRepository")) {
    return new AppError(
      "repository_untrusted",
      `git refuses the bare repository at ${folder}, since safe.bareRepository is "explicit" in your configuration.`,
      "Give one of its working trees as cwd.",
    );
  }
  return new AppError(
    "git_failed",
    `${describeCommand(args)} failed in ${folder}: ${firstError(stderr) || "it said nothing"}`,
    "Run the same git command there by hand to see what is wrong with the repository.",
  );
}

/** Returns the name of a command for messages. */
export function describeCommand(args: readonly string[]): string {
  // A setting given with -c is not a subcommand.
  const command = args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "-c");
  return `git ${command ?? args[0] ?? ""}`.trim();
}
