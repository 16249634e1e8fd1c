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
  [/^approval_policy$/, "Omit it: a task runs without asking."],
  [/^(?:model_instructions_file|experimental_instructions_file)$/, "Use the parameter base-instructions."],
];

/** Settings that start programs outside of Codex's sandbox, which a read-only task must not do. */
const PROGRAMS = /^(?:notify|hooks|mcp_servers)\b/;

/** Names of values that are secrets, and of those that only name where one is. */
const SECRET = /key|token|secret|passw|credential|authorization|bearer|cookie/i;
const NAMES_A_VARIABLE = /(?:^|[._])(?:env_key|\w*env_var|env_http_headers)$/i;

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
    `config is ${bytes} bytes long; the limit is ${MAX_BYTES} bytes.`,
    "Put the settings into a Codex profile and pass profile.",
  );
}

function checkSetting(key: string, value: unknown, sandbox: Sandbox): void {
  const shown = `config.${shorten(key, 100)}`;
  if (!KEY.test(key)) throw refuse(`${shown} is not the name of a setting.`, "Use names such as tools.web_search.");
  const decided = DECIDED.find(([pattern]) => pattern.test(key));
  if (decided !== undefined) throw refuse(`${shown} cannot be set for a task.`, decided[1]);
  if (sandbox === "read-only" && PROGRAMS.test(key)) {
    throw refuse(
      `${shown} cannot be set for a read-only task, because it starts programs.`,
      "Use sandbox workspace-write or full-access.",
    );
  }
  const secret = findSecret(key, value);
  if (secret === undefined) return;
  throw refuse(
    `config.${shorten(secret, 100)} looks like a secret, which would be visible in the process list.`,
    "Set it in Codex's config.toml, or name an environment variable of this server there.",
  );
}

/** Returns the name of a value that looks like a secret. */
function findSecret(key: string, value: unknown): string | undefined {
  if (typeof value === "object" && value !== null) {
    const below = Object.entries(value).map(([name, each]) => findSecret(`${key}.${name}`, each));
    return below.find((found) => found !== undefined);
  }
  if (typeof value !== "string" || NAMES_A_VARIABLE.test(key)) return undefined;
  return SECRET.test(key) || /^mcp_servers\.[^.]+\.env\./.test(key) ? key : undefined;
}

/** Returns a JSON value as TOML; tables are inline. */
export function toToml(value: unknown): string {
  if (typeof value === "string") return tomlString(value);
  if (Array.isArray(value)) return `[${value.map(toToml).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== null);
    return `{ ${entries.map(([key, each]) => `${tomlString(key)} = ${toToml(each)}`).join(", ")} }`;
  }
  return String(value);
}

// JSON's escapes are also TOML's; only U+007F needs one in TOML alone.
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007F", String.raw`\u007F`);
}

function refuse(message: string, hint: string): AppError {
  return new AppError("invalid_argument", message, hint);
}
