import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";
import type { Sandbox } from "#domain/record.ts";

/** Setting that this server decides itself, with the parameter to use instead. */
const DECIDED: readonly (readonly [key: RegExp, instead: string])[] = [
  [/^sandbox_mode$/, "Use the parameter sandbox."],
  [
    /^(?:sandbox_workspace_write\b.*|default_permissions|permissions\b.*)$/,
    "Use sandbox workspace-write, with network: true for network access.",
  ],
  [/^(?:approval_policy|approvals_reviewer)$/, "Use the parameter approvals."],
  [/^profiles?\b/, "Use the parameter profile."],
  [/^(?:model_instructions_file|experimental_instructions_file)$/, "Use the parameter base-instructions."],
];

/** Settings that a read-only task must not have, because they act outside of Codex's sandbox, with what they do. */
const UNCONFINED: readonly (readonly [path: RegExp, what: string])[] = [
  [/^(?:notify|hooks|mcp_servers)\b/, "starts programs"],
  [/^model_providers\.[^.]+\.auth\b/, "starts programs"],
  // Plugins have hooks and MCP servers of their own, and so has the configuration of a trusted project.
  [/^(?:plugins|marketplaces|projects)\b/, "can start programs"],
  [/^(?:log_dir|sqlite_home)$/, "names a folder that Codex writes to"],
  [/^windows\b/, "changes Codex's sandbox"],
];

/** Words in the names of secrets. */
const SECRET_WORDS = new Set(
  "key keys apikey token tokens secret secrets password passwd passphrase credential credentials authorization bearer cookie cookies".split(
    " ",
  ),
);
/** Names of values that only say where a secret is. */
const NAMES_A_PLACE = /(?:^|[._])(?:env_key|\w*env_vars?|env_http_headers\..+|\w*(?:_store|_file|_path|_command))$/i;
/** Settings for the model to read, which may speak of anything. */
const INSTRUCTIONS = /^(?:developer_instructions|compact_prompt)$/;
/** Secrets by their own form: tokens of well-known services, and the password of a URL. */
const SECRET_VALUE =
  /\b(?:sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16})|\beyJ[\w-]{10,}\.[\w-]+\.|:\/\/[^\s/@:]*:[^\s/@]+@/;

const KEY = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
/** Largest number of bytes of all settings: they are arguments of Codex. */
const MAX_BYTES = 64 * 1024;

/**
 * Returns Codex settings as `key=value` with values in TOML, for `--config`.
 * @throws AppError `invalid_argument`, naming a setting that cannot be honoured and what to use instead
 */
export function toSettings(config: Readonly<Record<string, unknown>>, sandbox: Sandbox): string[] {
  const settings = Object.entries(config)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => {
      checkSetting(key, value, sandbox);
      return `${key}=${toToml(value)}`;
    });
  const bytes = settings.reduce((sum, setting) => sum + Buffer.byteLength(setting), 0);
  if (bytes <= MAX_BYTES) return settings;
  throw refuse(
    `The settings (config, developer-instructions, compact-prompt) are ${bytes} bytes long; the limit is ${MAX_BYTES} bytes.`,
    "Put long instructions into a file and name it in the prompt, or put the settings into a Codex profile.",
  );
}

function checkSetting(key: string, value: unknown, sandbox: Sandbox): void {
  const shown = `config.${shorten(key, 100)}`;
  if (!KEY.test(key)) throw refuse(`${shown} is not the name of a setting.`, "Use names such as tools.web_search.");
  const decided = DECIDED.find(([pattern]) => pattern.test(key));
  if (decided !== undefined) throw refuse(`${shown} cannot be set for a task.`, decided[1]);
  const paths = listPaths(key, value);
  const unconfined =
    sandbox === "read-only" ? UNCONFINED.find(([pattern]) => paths.some((path) => pattern.test(path))) : undefined;
  if (unconfined !== undefined) {
    throw refuse(
      `${shown} cannot be set for a read-only task, because it ${unconfined[1]}.`,
      "Use sandbox workspace-write or full-access, or set it in Codex's config.toml.",
    );
  }
  const secret = findSecret(key, value);
  if (secret === undefined) return;
  throw refuse(
    `config.${shorten(secret, 100)} looks like a secret, which would be visible in the process list.`,
    "Set it in Codex's config.toml, or name an environment variable of this server there.",
  );
}

/** Lists the names of a setting and of everything in it. */
function listPaths(key: string, value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [key];
  return [key, ...Object.entries(value).flatMap(([name, each]) => listPaths(`${key}.${name}`, each))];
}

/** Returns the name of a value that looks like a secret. */
function findSecret(key: string, value: unknown): string | undefined {
  if (typeof value === "object" && value !== null) {
    const below = Object.entries(value).map(([name, each]) => findSecret(`${key}.${name}`, each));
    return below.find((found) => found !== undefined);
  }
  if (typeof value !== "string") return undefined;
  if (INSTRUCTIONS.test(key)) return undefined;
  if (SECRET_VALUE.test(value)) return key;
  if (NAMES_A_PLACE.test(key)) return undefined;
  return isSecretName(key) || /^mcp_servers\.[^.]+\.env\./.test(key) ? key : undefined;
}

/** Returns whether the last part of a setting's name, such as `api_key`, `apiKey` or `X-Api-Key`, is that of a secret. */
function isSecretName(key: string): boolean {
  const names = key.split(".").filter((name) => !/^\d+$/.test(name));
  const words = (names.at(-1) ?? "")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.some((word) => SECRET_WORDS.has(word) || (word === "auth" && names.includes("http_headers")));
}

/** Returns a JSON value as TOML; tables are inline. */
export function toToml(value: unknown): string {
  if (typeof value === "string") return tomlString(value);
  if (Array.isArray(value)) {
    const items = value.filter((each) => each !== null);
    return `[${items.map(toToml).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== null);
    return `{ ${entries.map(([key, each]) => `${tomlString(key)} = ${toToml(each)}`).join(", ")} }`;
  }
  return String(value).replace("Infinity", "inf");
}

// JSON's escapes are also TOML's; only U+007F needs one in TOML alone, and half of a surrogate pair has none.
function tomlString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll("\u007F", String.raw`\u007F`);
}

function refuse(message: string, hint: string): AppError {
  return new AppError("invalid_argument", message, hint);
}
