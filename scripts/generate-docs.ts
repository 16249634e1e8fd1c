// Writes the tables of docs/ that the code knows (tools, parameters, answers, resources, prompts, error codes, commands) between
// their marks, and the golden schemas of the tools. With --check it only says whether they are up to date.
import { join } from "node:path";
import { COMMANDS } from "#cli/framework/commands.ts";
import { ERROR_CODES } from "#base/errors.ts";
import type { ToolListing } from "#mcp/define-tool.ts";
import { ALL_PROMPTS } from "#mcp/prompts/register-prompts.ts";
import { resourceTemplates } from "#mcp/resources/task-resources.ts";
import { TASKS_URI } from "#mcp/resources/task-uri.ts";
import { ALL_TOOLS } from "#mcp/tools/register-tools.ts";

const ROOT = join(import.meta.dir, "..");
const SCHEMAS = join(ROOT, "test", "fixtures", "tool-schemas.json");
const PAGES = ["tools.md", "errors.md", "command-line.md"];
const isCheck = process.argv.includes("--check");

interface Property {
  type?: string;
  enum?: string[];
  description?: string;
  items?: Property;
}
interface ObjectSchema {
  properties?: Record<string, Property>;
  required?: string[];
}

const listings = ALL_TOOLS.map((tool) => tool.describe({ withAnswers: true }));
const tables: Record<string, string> = {
  tools: toolTable(),
  parameters: parameterTables(),
  answers: answerTables(),
  errors: errorTable(),
  commands: commandTable(),
  resources: resourceTable(),
  prompts: promptTable(),
};

const stale: string[] = [];
const unused = new Set(Object.keys(tables));
for (const name of PAGES) await update(join(ROOT, "docs", name), fillIn);
if (unused.size > 0) throw new Error(`no page has the tables ${[...unused].join(", ")}`);
await update(
  SCHEMAS,
  () =>
    `${JSON.stringify(
      ALL_TOOLS.map((tool) => tool.describe()),
      null,
      2,
    )}\n`,
);
if (isCheck && stale.length > 0) {
  console.error(`not up to date: ${stale.join(", ")}; run: bun run docs`);
  process.exit(1);
}

async function update(path: string, change: (text: string) => string): Promise<void> {
  const file = Bun.file(path);
  const before = (await file.exists()) ? await file.text() : "";
  const after = change(before);
  if (after === before) return;
  stale.push(path.slice(ROOT.length + 1));
  if (!isCheck) await Bun.write(path, after);
}

/** Puts each table between `<!-- generated: name -->` and `<!-- end -->`. */
function fillIn(text: string): string {
  return text.replace(/<!-- generated: (\w+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const content = tables[name];
    if (content === undefined) throw new Error(`no table is called ${name}`);
    unused.delete(name);
    return `<!-- generated: ${name} -->\n${content}\n<!-- end -->`;
  });
}

function toolTable(): string {
  return table(
    ["tool", "does", "hints"],
    listings.map((tool) => [code(tool.name), tool.description, hints(tool)]),
  );
}

function hints({ annotations }: ToolListing): string {
  const idempotent = annotations.idempotentHint === true ? ", idempotent" : "";
  return (annotations.readOnlyHint === true ? "read-only" : "not read-only") + idempotent;
}

function parameterTables(): string {
  const [codex, , ...others] = listings;
  const groups = [{ title: "`codex`, `codex_dispatch`", tool: codex }];
  for (const tool of others) groups.push({ title: code(tool.name), tool });
  return groups
    .map(({ title, tool }) => `### ${title}\n\n${propertyTable(asObject(tool?.inputSchema), true)}`)
    .join("\n\n");
}

function answerTables(): string {
  return listings
    .map((tool) => `### Answer of ${code(tool.name)}\n\n${propertyTable(asObject(tool.outputSchema), false)}`)
    .join("\n\n");
}

function propertyTable({ properties = {}, required = [] }: ObjectSchema, isInput: boolean): string {
  const mark = isInput ? "required" : "always";
  const rows = Object.entries(properties).map(([name, property]) => [
    code(name),
    typeOf(property),
    required.includes(name) ? "yes" : "",
    property.description ?? "",
  ]);
  return table([isInput ? "parameter" : "field", "type", mark, "meaning"], rows);
}

function typeOf(property: Property): string {
  if (property.enum !== undefined) return property.enum.map(code).join(" ");
  if (property.type === "array") return `${typeOf(property.items ?? {})}[]`;
  return property.type ?? "any";
}

function commandTable(): string {
  const commands = COMMANDS.filter(({ group }) => group !== undefined);
  return table(
    ["command", "does"],
    commands.map(({ name, operands, summary }) => [code(operands ? `${name} ${operands.usage}` : name), summary]),
  );
}

function resourceTable(): string {
  const list = [code(TASKS_URI), "The newest tasks, with their states"];
  const parts = resourceTemplates().map(({ uriTemplate, description = "" }) => [code(uriTemplate), description]);
  return table(["resource", "is"], [list, ...parts]);
}

function promptTable(): string {
  return table(
    ["prompt", "does", "arguments"],
    ALL_PROMPTS.map(({ name, description, arguments: args }) => {
      const names = Object.entries(args).map(([each, { isRequired }]) => (isRequired ? code(each) : `${code(each)}?`));
      return [code(name), description, names.join(", ")];
    }),
  );
}

function errorTable(): string {
  return table(
    ["code", "meaning"],
    Object.entries(ERROR_CODES).map(([name, meaning]) => [code(name), meaning]),
  );
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Escapes what Markdown would take for a cell's end or for HTML; within code, entities would be shown as they are written. */
function escapeCell(cell: string): string {
  const parts = cell.replaceAll("|", "\\|").split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;"))).join("");
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The schemas are JSON Schemas of objects, by defineTool. */
function asObject(schema: object = {}): ObjectSchema {
  return schema;
}
