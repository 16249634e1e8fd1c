import { dirname, isAbsolute, join } from "node:path";
import * as v from "valibot";
import { readConfigFile } from "#codex/config-files.ts";
import { AppServerError } from "#codex/engines/connection/app-server-error.ts";
import { type AppServerConnection, readField } from "#codex/engines/connection/connection.ts";
import type { SandboxPolicy, TurnRequest } from "./turn-request.ts";

/** Provider of models that Codex uses if none is set. */
const DEFAULT_PROVIDER = "openai";

const TableSchema = v.record(v.string(), v.unknown());
/** Table of Codex's configuration. */
type Table = v.InferOutput<typeof TableSchema>;

const WorkspaceWriteSchema = v.looseObject({
  writable_roots: v.nullish(v.array(v.string()), []),
  network_access: v.nullish(v.boolean(), false),
  exclude_tmpdir_env_var: v.nullish(v.boolean(), false),
  exclude_slash_tmp: v.nullish(v.boolean(), false),
});

const ConfigSchema = v.looseObject({
  config: v.looseObject({
    model: v.nullish(v.string()),
    model_provider: v.nullish(v.string()),
    sandbox_workspace_write: v.nullish(TableSchema, {}),
  }),
  layers: v.nullish(
    v.array(
      v.looseObject({
        name: v.looseObject({ type: v.string() }),
        config: v.nullish(TableSchema, {}),
        disabledReason: v.nullish(v.string()),
      }),
    ),
    [],
  ),
});
type Layer = NonNullable<v.InferOutput<typeof ConfigSchema>["layers"]>[number];

/**
 * Returns a run with the settings that `codex exec` would take from Codex's files: those of its profile, which an app-server does not
 * accept as an option, those of its sandbox, which a turn's own policy would replace, and the model of a resumed or copied thread, which
 * would keep its earlier one.
 * @throws AppServerError if the profile cannot be read
 */
export async function completeSettings(connection: AppServerConnection, turn: TurnRequest): Promise<TurnRequest> {
  const { sandboxPolicy, profileFile } = turn;
  const threadId = turn.threadId ?? turn.forkOf;
  if (profileFile === undefined && threadId === undefined && sandboxPolicy.type !== "workspaceWrite") return turn;
  const answer = await connection.request("config/read", { cwd: turn.folder, includeLayers: true });
  const { config, layers } = readField(ConfigSchema, answer, "config/read");
  const overrides = profileFile === undefined ? undefined : mergeProfile(readProfile(profileFile), layers);
  const own = overrides?.["sandbox_workspace_write"];
  const sandbox = isTable(own) ? merge(config.sandbox_workspace_write, own) : config.sandbox_workspace_write;
  return {
    ...turn,
    config: mergeIfAny(overrides, turn.config),
    sandboxPolicy: completePolicy(sandboxPolicy, sandbox),
    ...(threadId !== undefined && {
      resumedModel: chooseModel(turn.model, { ...config, ...overrides, ...turn.config }),
    }),
  };
}

/** Returns the model of a run as parameters of a thread; with either of them, Codex does not take the thread's earlier model. */
function chooseModel(
  asked: string | undefined,
  { model, model_provider: provider }: Table,
): NonNullable<TurnRequest["resumedModel"]> {
  const chosen = asked ?? model;
  return {
    ...(typeof chosen === "string" && { model: chosen }),
    modelProvider: typeof provider === "string" ? provider : DEFAULT_PROVIDER,
  };
}

/** Returns a sandbox with the settings of Codex's files; only more network access can be asked for. */
function completePolicy(policy: SandboxPolicy, settings: Table): SandboxPolicy {
  if (policy.type !== "workspaceWrite") return policy;
  const found = readField(WorkspaceWriteSchema, settings, "config/read");
  return {
    type: "workspaceWrite",
    writableRoots: found.writable_roots,
    networkAccess: policy.networkAccess || found.network_access,
    excludeTmpdirEnvVar: found.exclude_tmpdir_env_var,
    excludeSlashTmp: found.exclude_slash_tmp,
  };
}

/**
 * Returns the settings of a profile as overrides of a thread. Overrides take precedence over all files, so those that a project sets itself
 * are left out, and those of the command line are added.
 * @param layers of the configuration without the profile
 */
export function mergeProfile(profile: Table, layers: readonly Layer[]): Table {
  const active = layers.filter(({ disabledReason }) => disabledReason === undefined || disabledReason === null);
  const of = (type: string) => active.filter(({ name }) => name.type === type).map(({ config }) => config);
  return of("sessionFlags").reduce(merge, of("project").reduce(without, profile));
}

function readProfile(file: string): Table {
  const profile = readConfigFile(file, TableSchema);
  if (profile === undefined) throw new AppServerError(`The profile ${file} cannot be read.`);
  return withAbsolutePaths(profile, dirname(file));
}

/** Settings that are paths, which count from the folder of their file. */
const PATHS = /(?:_file|_dir|_home|_json|^writable_roots)$/;

function withAbsolutePaths(table: Table, folder: string): Table {
  const toAbsolute = (value: unknown) =>
    typeof value === "string" && !isAbsolute(value) && !value.startsWith("~") ? join(folder, value) : value;
  const entries = Object.entries(table).map(([key, value]): [string, unknown] => {
    if (isTable(value)) return [key, withAbsolutePaths(value, folder)];
    if (!PATHS.test(key)) return [key, value];
    return [key, Array.isArray(value) ? value.map(toAbsolute) : toAbsolute(value)];
  });
  return Object.fromEntries(entries);
}

/** Returns the settings of a profile with those of the run, which an app-server that was started for it has as its options, above them. */
function mergeIfAny(profile: Table | undefined, own: Table | undefined): Table | undefined {
  return profile === undefined || own === undefined ? (profile ?? own) : merge(profile, own);
}

function merge(below: Table, above: Table): Table {
  const entries = Object.entries(above).map(([key, value]): [string, unknown] => {
    const other = below[key];
    return [key, isTable(value) && isTable(other) ? merge(other, value) : value];
  });
  return { ...below, ...Object.fromEntries(entries) };
}

/** Returns a table without what another one sets. */
function without(table: Table, other: Table): Table {
  const entries = Object.entries(table).flatMap(([key, value]): [string, unknown][] => {
    if (!Object.hasOwn(other, key)) return [[key, value]];
    const set = other[key];
    return isTable(value) && isTable(set) ? [[key, without(value, set)]] : [];
  });
  return Object.fromEntries(entries);
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
