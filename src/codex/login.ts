import * as v from "valibot";
import type { Config } from "#lib/config.ts";
import { readConfigFile, userConfigFiles } from "./config-files.ts";
import type { CodexProgram } from "./locate.ts";

const PROBE_MS = 20_000;

/** Whether Codex has credentials. `by` says which, or what is missing. */
export interface Login {
  isLoggedIn: boolean;
  by: string;
}

const ConfigSchema = v.object({
  model_provider: v.optional(v.string()),
  model_providers: v.optional(
    v.record(v.string(), v.object({ env_key: v.optional(v.string()), requires_openai_auth: v.optional(v.boolean()) })),
    {},
  ),
});

/** Looks whether Codex can reach a model: by a key that its configured provider wants, or by `codex login`. */
export async function probeLogin(config: Config, program: CodexProgram): Promise<Login> {
  const provider = configuredProvider(config);
  if (provider !== undefined) {
    const { name, key } = provider;
    if (key === undefined) return { isLoggedIn: true, by: `the provider ${name} wants no key` };
    const isSet = Boolean(config.environment[key]);
    return { isLoggedIn: isSet, by: `the provider ${name} wants ${key}, which is ${isSet ? "set" : "not set"}` };
  }
  if (config.environment["CODEX_API_KEY"]) return { isLoggedIn: true, by: "CODEX_API_KEY is set" };
  const status = Bun.spawn([program.path, "login", "status"], {
    cwd: "/",
    env: { ...config.environment, ...program.environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PROBE_MS,
  });
  const [exitCode, stdout, stderr] = await Promise.all([status.exited, status.stdout.text(), status.stderr.text()]);
  return { isLoggedIn: exitCode === 0, by: (stdout.trim() || stderr.trim()).split("\n").at(-1) ?? "" };
}

/** A provider of the user's own, with the variable that holds its key; the profile's settings come first. */
function configuredProvider({ codexHome, profile }: Config): { name: string; key: string | undefined } | undefined {
  const layers = userConfigFiles(codexHome, profile).map((path) => readConfigFile(path, ConfigSchema));
  const name = layers.findLast((layer) => layer?.model_provider !== undefined)?.model_provider;
  if (name === undefined) return undefined;
  const provider = layers.map((layer) => layer?.model_providers[name]).findLast((found) => found !== undefined);
  if (provider === undefined || provider.requires_openai_auth === true) return undefined;
  return { name, key: provider.env_key };
}
