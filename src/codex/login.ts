import * as v from "valibot";
import type { Config } from "#base/config.ts";
import { readConfigFile, userConfigFiles } from "./config-files.ts";
import type { CodexProgram } from "./locate.ts";
import { runCodexProbe } from "./run-probe.ts";

/** Result of checking Codex's credentials. `by` names the credentials, or the missing ones. */
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

/** Checks whether Codex can reach a model: with the key that its configured provider needs, or through `codex login`. */
export async function probeLogin(config: Config, program: CodexProgram): Promise<Login> {
  const provider = configuredProvider(config);
  if (provider !== undefined) {
    const { name, key } = provider;
    if (key === undefined) return { isLoggedIn: true, by: `the provider ${name} wants no key` };
    const isSet = Boolean(config.environment[key]);
    return { isLoggedIn: isSet, by: `the provider ${name} wants ${key}, which is ${isSet ? "set" : "not set"}` };
  }
  if (config.environment["CODEX_API_KEY"]) return { isLoggedIn: true, by: "CODEX_API_KEY is set" };
  const { exitCode, stdout, stderr } = await runCodexProbe(config, program, ["login", "status"]);
  const said = stdout.toString().trim() || stderr.toString().trim();
  return { isLoggedIn: exitCode === 0, by: said.split("\n").at(-1) ?? "" };
}

/** Returns the user's own provider and the variable that holds its key; the profile's settings take precedence. */
function configuredProvider({ codexHome, profile }: Config): { name: string; key: string | undefined } | undefined {
  const layers = userConfigFiles(codexHome, profile).map((path) => readConfigFile(path, ConfigSchema));
  const name = layers.findLast((layer) => layer?.model_provider !== undefined)?.model_provider;
  if (name === undefined) return undefined;
  const provider = layers.map((layer) => layer?.model_providers[name]).findLast((found) => found !== undefined);
  if (provider === undefined || provider.requires_openai_auth === true) return undefined;
  return { name, key: provider.env_key };
}
