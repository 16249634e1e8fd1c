import type { Config } from "#base/config.ts";
import { IS_LINUX, IS_WINDOWS } from "#base/system.ts";
import { runProgram } from "#platform/start/run-program.ts";
import { locateCodex } from "./locate.ts";
import { USAGE_ERROR } from "./probe.ts";

/** Timeout of a command that does nothing, in milliseconds. */
const PROBE_DEADLINE_MS = 20_000;

/** Request for Codex's sandbox workspace-write. */
export interface SandboxRequest {
  /** Folder in which the sandboxed program runs, and may write. */
  folder: string;
  environment: Record<string, string>;
  network: boolean;
  signal: AbortSignal;
}

/**
 * Prepares Codex's sandbox workspace-write for another program. A command that does nothing shows that it works: a program must not run
 * without it.
 * @returns the words before the program, or the reason why the sandbox cannot be used, as a clause
 */
export async function prepareSandbox(
  config: Config,
  request: SandboxRequest,
): Promise<{ words: readonly string[] } | { why: string }> {
  const { path } = locateCodex(config);
  const { folder, environment, signal } = request;
  let why = "Codex's sandbox does not work here";
  for (const name of SANDBOX_NAMES) {
    const words = [path, "sandbox", ...name, ...sandboxSettings(request), "--"];
    const command = [...words, ...NOTHING];
    const probe = await runProgram({ command, folder, environment, deadlineMs: PROBE_DEADLINE_MS, signal });
    if (probe.exitCode === 0) return { words };
    const [said] = probe.stderr.toString().trim().split("\n");
    why = said ? `Codex's sandbox does not work here (${said.slice(0, 200)})` : why;
    if (probe.exitCode !== USAGE_ERROR) break;
  }
  return { why };
}

/** Names of the system's sandbox: earlier versions of Codex want one. */
const SANDBOX_NAMES: readonly (readonly string[])[] = IS_WINDOWS ? [[]] : [[], [IS_LINUX ? "linux" : "macos"]];

/** Command that does nothing. */
const NOTHING = IS_WINDOWS ? ["cmd", "/d", "/c", "exit 0"] : ["true"];

/** Returns the settings of the sandbox. They take precedence over all files, including those of the project, which a task may have written. */
function sandboxSettings({ network }: SandboxRequest): string[] {
  const settings = [
    'sandbox_mode="workspace-write"',
    "sandbox_workspace_write.writable_roots=[]",
    `sandbox_workspace_write.network_access=${network}`,
  ];
  return settings.flatMap((setting) => ["--config", setting]);
}
