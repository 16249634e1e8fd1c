/** Shorter texts and lists are never cut. */
const SHORTEST_TEXT = 200;
const SHORTEST_LIST = 5;
/** A list may have one line for so many characters that a text may have. */
const CHARACTERS_A_LINE = 50;

/**
 * An answer in at most `limit` bytes of JSON, if that can be: its longest texts lose their middle, and its
 * longest lists their end, each with a note of what is missing. Numbers, ids and short texts stay.
 * @param wholeResultOf where the whole `result` of a task stands
 */
export function fitAnswer(data: object, limit: number, wholeResultOf: WholeResultOf): object {
  return fit(data, limit, (longest) => cutObject(data, longest, wholeResultOf));
}

/** The same for something that is little else than a text. */
export function fitText<T extends { text: string }>(content: T, limit: number): T {
  return fit(content, limit, (longest) => ({ ...content, text: cutText(content.text, longest, undefined) }));
}

/** As much of it as fits: cut to the longest texts with which it does. */
function fit<T extends object>(whole: T, limit: number, cutTo: (longest: number) => T): T {
  if (sizeOf(whole) <= limit) return whole;
  let [low, high] = [SHORTEST_TEXT, limit];
  while (high - low > Math.max(16, low / 50)) {
    const middle = Math.floor((low + high) / 2);
    if (sizeOf(cutTo(middle)) <= limit) low = middle;
    else high = middle;
  }
  return cutTo(low);
}

/** Bytes of a value's JSON. */
export function sizeOf(data: unknown): number {
  return Buffer.byteLength(JSON.stringify(data));
}

type WholeResultOf = (taskId: string) => string;

function cutObject(data: object, longest: number, wholeResultOf: WholeResultOf): object {
  const taskId = "task_id" in data && typeof data.task_id === "string" ? data.task_id : undefined;
  const cut: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(data)) {
    const whole = name === "result" && taskId !== undefined ? wholeResultOf(taskId) : undefined;
    cut[name] = cutValue(value, longest, wholeResultOf, whole);
  }
  return cut;
}

function cutValue(value: unknown, longest: number, wholeResultOf: WholeResultOf, whole?: string): unknown {
  if (typeof value === "string") return cutText(value, longest, whole);
  if (Array.isArray(value)) return cutList(value, longest).map((each) => cutValue(each, longest, wholeResultOf));
  return typeof value === "object" && value !== null ? cutObject(value, longest, wholeResultOf) : value;
}

/** Of a message, the beginning says what it is about and the end what came of it. */
function cutText(text: string, longest: number, whole: string | undefined): string {
  if (text.length <= Math.max(longest, SHORTEST_TEXT)) return text;
  const head = Math.ceil((longest * 2) / 3);
  const tail = longest - head;
  const where = whole === undefined ? "" : `; the whole text is in ${whole}`;
  const note = `[… ${text.length - longest} of ${text.length} characters left out${where} …]`;
  return `${text.slice(0, head)}\n\n${note}\n\n${text.slice(text.length - tail)}`;
}

/** Only lists of texts: what else is a list is a page, or counted beside it. */
function cutList(list: readonly unknown[], longest: number): readonly unknown[] {
  const most = Math.max(SHORTEST_LIST, Math.floor(longest / CHARACTERS_A_LINE));
  if (list.length <= most || typeof list[0] !== "string") return list;
  return [...list.slice(0, most), `… and ${list.length - most} more`];
}
