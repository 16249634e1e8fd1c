import { readFileSync, readlinkSync, statSync } from "node:fs";
import * as v from "valibot";
import type { Config } from "#base/config.ts";
import { bootId } from "#platform/host.ts";
import { type ProgramResult, runProgram } from "#platform/start/run-program.ts";
import { IS_LINUX, IS_WINDOWS } from "#base/system.ts";
import { readConfigFile, userConfigFiles } from "./config-files.ts";
import type { CodexProgram } from "./locate.ts";

/** Timeout of a probe, in milliseconds. Codex usually answers within 30 ms; a cold disk or a version manager makes it slower. */
const PROBE_DEADLINE_MS = 20_000;
/** Exit code of a command line that Codex does not understand. */
export const USAGE_ERROR = 2;
/** Maximum size of a probe's output, in bytes; Codex's help has 10 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Runs a Codex CLI command that answers immediately.
 * @throws the system's error if it cannot be started
 */
export async function runCodexProbe(
  config: Config,
  program: CodexProgram,
  args: readonly string[],
): Promise<ProgramResult> {
  return runProgram({
    command: [program.path, ...args],
    folder: "/",
    environment: { ...config.environment, ...program.environment },
    deadlineMs: PROBE_DEADLINE_MS,
    maxOutputBytes: MAX_ANSWER_BYTES,
  });
}

/** Checks whether Codex can set up its own read-only sandbox here by running a command that does nothing. */
export async function probeSandbox(config: Config, program: CodexProgram): Promise<boolean> {
  // Windows has another sandbox and no `true`: assume that it works.
  if (IS_WINDOWS) return true;
  const { exitCode } = await runCodexProbe(config, program, ["sandbox", "--", "true"]);
  if (exitCode !== USAGE_ERROR) return exitCode === 0;
  // Earlier versions want the system's name.
  const system = IS_LINUX ? "linux" : "macos";
  return (await runCodexProbe(config, program, ["sandbox", system, "--", "true"])).exitCode === 0;
}

/**
 * Describes in one line the inputs that a probe's result depends on: this Codex program, its home, and the machine or container with the
 * privileges of this process.
 */
export function describeProbe(config: Config, program: CodexProgram): string {
  const { size, mtimeMs, ino } = statSync(program.path);
  const facts = [program.path, size, mtimeMs, ino, config.codexHome, process.getuid?.()];
  return JSON.stringify(IS_LINUX ? [...facts, ...describeContainer()] : facts);
}

function describeContainer(): (string | undefined)[] {
  const status = readFileSync("/proc/self/status", "utf8");
  return [
    bootId(),
    readlinkSync("/proc/self/ns/user"),
    readlinkSync("/proc/self/ns/mnt"),
    // No new privileges, and filtered system calls.
    ...["NoNewPrivs", "Seccomp", "CapEff"].map((name) => new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1]),
  ];
}

/** Result of a check of Codex's credentials; `by` names the credentials that it found or missed. */
export interface Login {
  isLoggedIn: boolean;
  by: string;
}

const ProviderSchema = v.object({
  model_provider: v.optional(v.string()),
  model_providers: v.optional(
    v.record(v.string(), v.object({ env_key: v.optional(v.string()), requires_openai_auth: v.optional(v.boolean()) })),
    {},
  ),
});

/** Checks whether Codex can reach a model: with the key that its configured provider needs, or through `codex login`. */
export async function probeLogin(config: Config, program: CodexProgram): Promise<Login> {
  const provider = configuredProvider(config);
  if (provider !== undefined) {
    const { name, key } = provider;
    if (key === undefined) return { isLoggedIn: true, by: `the provider ${name} needs no key` };
    const isSet = Boolean(config.environment[key]);
    return { isLoggedIn: isSet, by: `the provider ${name} needs ${key}, which is ${isSet ? "set" : "not set"}` };
  }
  if (config.environment["CODEX_API_KEY"]) return { isLoggedIn: true, by: "CODEX_API_KEY is set" };
  const { exitCode, stdout, stderr } = await runCodexProbe(config, program, ["login", "status"]);
  const output = stdout.toString().trim() || stderr.toString().trim();
  return { isLoggedIn: exitCode === 0, by: output.split("\n").at(-1) ?? "" };
}

/** Returns the user's own provider and the variable that holds its key; the profile's settings take precedence. */
function configuredProvider({ codexHome, profile }: Config): { name: string; key: string | undefined } | undefined {
  const layers = userConfigFiles(codexHome, profile).map((path) => readConfigFile(path, ProviderSchema));
  const name = layers.findLast((layer) => layer?.model_provider !== undefined)?.model_provider;
  if (name === undefined) return undefined;
  const provider = layers.map((layer) => layer?.model_providers[name]).findLast((found) => found !== undefined);
  if (provider === undefined || provider.requires_openai_auth === true) return undefined;
  return { name, key: provider.env_key };
}
