import type { TaskRequest } from "#domain/record.ts";

/** Fields of a task that determine Codex's arguments. */
export type CodexRequest = Pick<
  TaskRequest,
  | "sandbox"
  | "readonly_fallback"
  | "run_dir"
  | "resumes"
  | "model"
  | "reasoning_effort"
  | "profile"
  | "images"
  | "output_schema_file"
>;

/**
 * Returns the arguments of `codex exec` for a task; the prompt is passed on stdin (`-`). All flags precede `resume`, where Codex also
 * applies them to the resumed session.
 * @param settings further flags, e.g. those that disable MCP servers
 */
export function codexArguments(request: CodexRequest, settings: readonly string[] = []): string[] {
  const args = ["exec", "--json", "--skip-git-repo-check", ...settings];
  // The fallback replaces Codex's sandbox, which must then not be set up.
  const isSandboxed = request.sandbox === "read-only" && request.readonly_fallback !== true;
  args.push("--sandbox", isSandboxed ? "read-only" : "danger-full-access");
  args.push(`--cd=${request.run_dir}`);
  if (request.profile !== undefined) args.push(`--profile=${request.profile}`);
  if (request.model !== undefined) args.push(`--model=${request.model}`);
  if (request.reasoning_effort !== undefined) {
    args.push(`--config=model_reasoning_effort=${JSON.stringify(request.reasoning_effort)}`);
  }
  if (request.output_schema_file !== undefined) args.push(`--output-schema=${request.output_schema_file}`);
  for (const image of request.images ?? []) args.push(`--image=${image}`);
  if (request.resumes !== undefined) args.push("resume", request.resumes);
  args.push("-");
  return args;
}
