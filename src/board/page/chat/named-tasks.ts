/** Block of a result's content. */
export interface ResultBlock {
  type: string;
  text?: unknown;
}

/** Task that an answer names. */
export interface NamedTask {
  id: string;
  title: string;
  status: string;
}

/** Returns the tasks that a tool's result names, in its data or else in one of its texts. */
export function findNamedTasks(data: unknown, content: readonly ResultBlock[]): NamedTask[] {
  return [data, ...content.map(parseText)].map(findTasks).find(({ length }) => length > 0) ?? [];
}

/** Returns the data in a text of a result: the results of failed runs have it only there, and some chats pass only texts on. */
function parseText({ text }: ResultBlock): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
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

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
