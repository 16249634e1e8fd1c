import * as v from "valibot";
import { identifyServer } from "#platform/server-programs.ts";
import type { EntryShape, FileFormat, ServerEntry } from "./clients/client.ts";
import type { EntryFields, FieldChange } from "./client-file.ts";

/** Program that an entry starts: this one, Codex's own removed server, or another or none (a remote server). */
export type EntryKind = "ours" | "codex" | "other";

const TextsSchema = v.array(v.string());
const VariablesSchema = v.record(v.string(), v.string());

/** Returns the command of an entry; an entry without one (of a remote server) has an empty command. */
export function toServerEntry(fields: EntryFields, shape: EntryShape): ServerEntry {
  const command = fields[shape.command];
  const words = v.is(TextsSchema, command) ? command : [typeof command === "string" ? command : ""];
  const args = shape.args === undefined ? undefined : fields[shape.args];
  const env = fields[shape.env];
  return {
    command: words[0] ?? "",
    args: [...words.slice(1), ...(v.is(TextsSchema, args) ? args : [])],
    env: v.is(VariablesSchema, env) ? env : {},
  };
}

/** Returns which program an entry starts: this one, Codex's own removed server, or another. */
export function kindOfEntry(fields: EntryFields, shape: EntryShape): EntryKind {
  const { command, args } = toServerEntry(fields, shape);
  const program = identifyServer(command, args);
  if (program === "codex-mcp-server") return "ours";
  return program === "codex mcp-server" ? "codex" : "other";
}

/** Returns the fields of a new entry in a client's format. */
export function toFields(name: string, { command, args, env }: ServerEntry, shape: EntryShape): EntryFields {
  const hasEnv = Object.keys(env).length > 0 || shape.hasEmptyFields === true;
  return {
    ...(shape.name !== undefined && { [shape.name]: name }),
    ...shape.more,
    [shape.command]: shape.args === undefined ? [command, ...args] : command,
    ...(shape.args !== undefined && (args.length > 0 || shape.hasEmptyFields) && { [shape.args]: args }),
    ...(hasEnv && { [shape.env]: env }),
  };
}

/** Fields that say how a client reaches a server. */
const TRANSPORT_FIELDS = new Set(["type", "transport", "source"]);

/**
 * Returns the changes that make an entry start this program. Fields and variables that are not this program's, such as timeouts, stay.
 * @param old the entry's fields; undefined if there is none
 */
export function mergeEntry(
  { key, shape }: FileFormat,
  name: string,
  entry: ServerEntry,
  old: EntryFields | undefined,
): FieldChange[] {
  const wanted = toFields(name, entry, shape);
  const base = [key, name];
  if (old === undefined) return [{ path: base, value: wanted }];
  const changes: FieldChange[] = [];
  for (const [field, value] of Object.entries(wanted)) {
    if (field === shape.env) changes.push(...mergeVariables([...base, field], entry.env, old[field]));
    else if (field in shape.more && field in old && !TRANSPORT_FIELDS.has(field)) continue;
    else if (!Bun.deepEquals(old[field], value)) changes.push({ path: [...base, field], value });
  }
  const hasOldArgs = shape.args !== undefined && shape.args in old && !(shape.args in wanted);
  if (hasOldArgs && shape.args !== undefined && !Bun.deepEquals(old[shape.args], [])) {
    changes.push({ path: [...base, shape.args], value: undefined });
  }
  return changes;
}

function mergeVariables(path: readonly string[], env: Record<string, string>, old: unknown): FieldChange[] {
  if (!v.is(v.record(v.string(), v.unknown()), old)) return [{ path, value: env }];
  const changed = Object.entries(env).filter(([variable, value]) => old[variable] !== value);
  return changed.map(([variable, value]) => ({ path: [...path, variable], value }));
}
