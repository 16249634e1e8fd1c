import type { ApiFailure } from "#board/api/failure.ts";

/** Result of a tool, as the host passes it on: unchecked. */
export interface ToolResult {
  content?: unknown;
  structuredContent?: unknown;
  isError?: unknown;
}

/** Task that an answer names. */
export interface NamedTask {
  id: string;
  title: string;
  status: string;
}

/** Returns the tasks that a tool's result names, in its data or else in one of its texts. */
export function findNamedTasks({ structuredContent, content }: ToolResult): NamedTask[] {
  // The results of failed runs have the data only in their text, and some chats pass only texts on.
  const data = [structuredContent, ...readTexts(content).map(parseText)];
  return data.map(findTasks).find(({ length }) => length > 0) ?? [];
}

/** Returns the failure that a result says, in the words of the server or else of the chat client. */
export function readToolFailure({ content }: ToolResult): ApiFailure {
  const [text = "The request failed."] = readTexts(content);
  const fields = parseText(text);
  const failure = isFields(fields) ? fields : {};
  const [message, code, hint] = [failure["message"] ?? failure["error"], failure["code"], failure["hint"]];
  if (typeof message !== "string") return { code: "unknown", message: text, hint: "" };
  return { code: typeof code === "string" ? code : "unknown", message, hint: typeof hint === "string" ? hint : "" };
}

function readTexts(content: unknown): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((block: unknown) =>
    isFields(block) && typeof block["text"] === "string" ? [block["text"]] : [],
  );
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the tasks of an answer: one, or the tries at one prompt, or a page of a list. */
function findTasks(data: unknown): NamedTask[] {
  if (!isFields(data)) return [];
  const own = toNamed(data);
  if (own !== undefined) return [own];
  const list: unknown = data["tasks"];
  return Array.isArray(list) ? list.flatMap((each: unknown) => (isFields(each) ? (toNamed(each) ?? []) : [])) : [];
}

function toNamed(fields: Readonly<Record<string, unknown>>): NamedTask | undefined {
  const { task_id: id, title, topic, status } = fields;
  if (typeof id !== "string") return undefined;
  const name = [title, topic, id].find((each) => typeof each === "string" && each !== "");
  return { id, title: String(name), status: typeof status === "string" ? status : "" };
}

/** Returns whether a value has fields. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
