import { ERROR_CODES } from "#base/errors.ts";
import { describeVariables } from "#base/variables.ts";
import type { Command } from "#cli/framework/command.ts";
import type { ToolListing } from "#mcp/define-tool.ts";
import { ALL_PROMPTS } from "#mcp/prompts/register-prompts.ts";
import { resourceTemplates } from "#mcp/resources/task-resources.ts";
import { TASKS_URI } from "#mcp/resources/task-uri.ts";
import { ALL_TOOLS } from "#mcp/tools/register-tools.ts";
import { clientTable } from "./clients.ts";
import { optionForms, PROGRAM, PUBLIC_COMMANDS, usageOf } from "./commands.ts";
import { FILES } from "./files.ts";
import { code, table } from "./markdown.ts";

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

/** Generated parts of the documents, by the names in their marks. */
export const TABLES: Readonly<Record<string, string>> = {
  tools: toolTable(),
  parameters: parameterTables(),
  answers: answerTables(),
  errors: errorTable(),
  commands: commandTable(),
  options: PUBLIC_COMMANDS.map(commandSection).join("\n\n"),
  resources: resourceTable(),
  prompts: promptTable(),
  variables: variableTable(),
  clients: clientTable(),
  files: table(
    ["place", "holds"],
    FILES.map(([place, meaning]) => [code(place), meaning]),
  ),
};

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
  const [codex, dispatch, ...others] = listings;
  const [full, shared] = [asObject(codex?.inputSchema), asObject(dispatch?.inputSchema)];
  const isShared = (name: string) => name in (shared.properties ?? {});
  const groups = [
    { title: "`codex`, `codex_dispatch`", schema: pickProperties(full, isShared) },
    { title: "As in `codex mcp-server`", schema: pickProperties(full, (name) => !isShared(name)) },
    ...others.map(({ name, inputSchema }) => ({ title: code(name), schema: asObject(inputSchema) })),
  ];
  return groups.map(({ title, schema }) => `### ${title}\n\n${propertyTable(schema, true)}`).join("\n\n");
}

function pickProperties({ properties = {}, ...rest }: ObjectSchema, isPicked: (name: string) => boolean): ObjectSchema {
  return { ...rest, properties: Object.fromEntries(Object.entries(properties).filter(([name]) => isPicked(name))) };
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
  return property.enum === undefined ? code(typeName(property)) : property.enum.map(code).join(" ");
}

function typeName({ type = "any", items = {} }: Property): string {
  return type === "array" ? `${typeName(items)}[]` : type;
}

function commandTable(): string {
  return table(
    ["command", "does"],
    PUBLIC_COMMANDS.map((command) => [code(usageOf(command)), command.summary]),
  );
}

function commandSection(command: Command): string {
  const { name, details, options, examples, aliases } = command;
  const optionRows = Object.entries(options).map(([option, spec]) => [
    optionForms(option, spec).map(code).join(", "),
    spec.summary,
  ]);
  const exampleRows = examples.map(([line, does]) => [code(`${PROGRAM} ${line}`), does]);
  return [
    `### ${code(name)}`,
    ...(details === undefined ? [] : [details.replaceAll("<", "&lt;")]),
    ...(aliases === undefined ? [] : [`Other names: ${aliases.map(code).join(", ")}`]),
    ...(optionRows.length === 0 ? [] : [table(["option", "meaning"], optionRows)]),
    table(["example", "does"], exampleRows),
  ].join("\n\n");
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

function variableTable(): string {
  return table(
    ["variable", "values", "default", "meaning"],
    Object.entries(describeVariables()).map(([name, { values, fallback, meaning }]) => [
      code(name),
      values,
      fallback,
      meaning,
    ]),
  );
}

/** Returns a schema as an object schema, which all schemas of defineTool are. */
function asObject(schema: object = {}): ObjectSchema {
  return schema;
}
