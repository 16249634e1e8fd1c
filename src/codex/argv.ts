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
  | "network"
  | "settings"
>;

/**
 * Returns the arguments of `codex exec` for a task; the prompt is passed on stdin (`-`). All flags precede `resume`, where Codex also
 * applies them to the resumed session.
 * @param settings further flags, e.g. those that disable MCP servers
 */
export function codexArguments(request: CodexRequest, settings: readonly string[] = []): string[] {
  const args = ["exec", "--json", "--skip-git-repo-check", ...settings];
  args.push("--sandbox", sandboxOf(request));
  if (request.network === true) args.push("--config=sandbox_workspace_write.network_access=true");
  args.push(`--cd=${request.run_dir}`);
  if (request.profile !== undefined) args.push(`--profile=${request.profile}`);
  if (request.model !== undefined) args.push(`--model=${request.model}`);
  if (request.reasoning_effort !== undefined) {
    args.push(`--config=model_reasoning_effort=${JSON.stringify(request.reasoning_effort)}`);
  }
  for (const setting of request.settings ?? []) args.push(`--config=${setting}`);
  if (request.output_schema_file !== undefined) args.push(`--output-schema=${request.output_schema_file}`);
  for (const image of request.images ?? []) args.push(`--image=${image}`);
  if (request.resumes !== undefined) args.push("resume", request.resumes);
  args.push("-");
  return args;
}

/** Returns Codex's name for a sandbox. The read-only fallback replaces Codex's sandbox, which must then not be set up. */
function sandboxOf({ sandbox, readonly_fallback }: CodexRequest): string {
  if (sandbox === "full-access" || readonly_fallback === true) return "danger-full-access";
  return sandbox;
}
