import type { CodexRequest } from "#codex/process.ts";

/** Settings of a run that the thread gets, in an app-server that was started without them. */
export interface ThreadSettings {
  model?: string;
  /** Codex's settings, as in `config.toml`. */
  config: Record<string, unknown>;
}

/**
 * Settings that Codex reads for each thread, with the same effect as at the start of the process. Others may concern the whole process:
 * its login, its logs, its features.
 */
const OF_THREADS =
  /^(?:model|model_reasoning_\w+|model_verbosity|model_instructions_file|developer_instructions|compact_prompt|web_search|tools\..+|mcp_servers(?:\..+)?)$/;

const FLAG = "--config=";

/**
 * Returns the settings of a run for its thread.
 * @param flags this server's own settings, as `--config=key=value` with the value in TOML
 * @returns undefined if a setting of the request must be given at the start of the process
 */
export function threadSettings(request: CodexRequest, flags: readonly string[]): ThreadSettings | undefined {
  const requested = (request.settings ?? []).map(splitSetting);
  if (!requested.every(([key]) => OF_THREADS.test(key))) return undefined;
  const config: Record<string, unknown> = {};
  if (request.reasoning_effort !== undefined) config["model_reasoning_effort"] = request.reasoning_effort;
  // Lets the model ask questions, too. Codex would warn of a feature that the user has not chosen.
  if (request.approvals === "ask") {
    setIn(config, ["features", "default_mode_request_user_input"], true);
    setIn(config, ["suppress_unstable_features_warning"], true);
  }
  for (const [key, value] of [...flags.map((flag) => splitSetting(flag.slice(FLAG.length))), ...requested]) {
    const parsed = parseValue(value);
    if (parsed === undefined || !isJson(parsed)) return undefined;
    setIn(config, key.split("."), parsed);
  }
  return { ...(request.model !== undefined && { model: request.model }), config };
}

function splitSetting(setting: string): [key: string, value: string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}

/** Returns a TOML value; undefined if it is none. */
function parseValue(value: string): unknown {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a document is a table
    return (Bun.TOML.parse(`value = ${value}`) as Record<string, unknown>)["value"];
  } catch {
    return undefined;
  }
}

/** Returns whether a TOML value can be sent as JSON: times and infinite numbers cannot. */
function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return (Array.isArray(value) || isTable(value)) && Object.values(value).every(isJson);
}

/** Sets a value in nested tables; a later setting replaces an earlier one. */
function setIn(table: Record<string, unknown>, [first = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    table[first] = value;
    return;
  }
  const inner = table[first];
  const next = isTable(inner) ? inner : {};
  table[first] = next;
  setIn(next, rest, value);
}

/** Returns whether a value is a table; a time is an object of a class. */
function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
