import { takeEnd, takeStart } from "#base/text.ts";

/** Number of characters up to which a text is never cut. */
const MIN_TEXT_CHARACTERS = 200;
const MIN_LIST_LENGTH = 5;
/** Number of characters of a text that count as much as one line of a list. */
const CHARACTERS_A_LINE = 50;

/**
 * Shortens an answer to at most `limit` bytes of JSON, if possible: removes the middle of its longest texts and the end
 * of its longest lists, each with a note of what is missing. Numbers, ids and short texts are kept.
 * @param wholeResultOf returns where the whole `result` of a task can be found
 */
export function fitAnswer(data: object, limit: number, wholeResultOf: WholeResultOf): object {
  return fit(data, limit, (longest) => cutObject(data, longest, wholeResultOf));
}

/** Shortens content that is mostly a text to at most `limit` bytes of JSON, as {@link fitAnswer} does. */
export function fitText<T extends { text: string }>(content: T, limit: number): T {
  return fit(content, limit, (longest) => ({ ...content, text: cutText(content.text, longest, undefined) }));
}

/** Returns a value cut to the longest texts with which it fits into `limit` bytes. */
function fit<T extends object>(whole: T, limit: number, cutTo: (longest: number) => T): T {
  if (sizeOf(whole) <= limit) return whole;
  let [low, high] = [MIN_TEXT_CHARACTERS, limit];
  while (high - low > Math.max(16, low / 50)) {
    const middle = Math.floor((low + high) / 2);
    if (sizeOf(cutTo(middle)) <= limit) low = middle;
    else high = middle;
  }
  return cutTo(low);
}

/** Returns the size of a value's JSON in bytes. */
export function sizeOf(data: unknown): number {
  return Buffer.byteLength(JSON.stringify(data));
}

type WholeResultOf = (taskId: string) => string;

function cutObject(data: object, longest: number, wholeResultOf: WholeResultOf): object {
  const taskId = "task_id" in data && typeof data.task_id === "string" ? data.task_id : undefined;
  const cut = Object.entries(data).flatMap(([name, value]): [string, unknown][] => {
    const whole = name === "result" && taskId !== undefined ? wholeResultOf(taskId) : undefined;
    if (taskId !== undefined && FINDINGS.has(name) && Array.isArray(value)) {
      return cutFindings(name, value, longest, wholeResultOf, taskId);
    }
    return [[name, cutValue(value, longest, wholeResultOf, whole)]];
  });
  return Object.fromEntries(cut);
}

/** Lists of a review's findings, the most urgent first. */
const FINDINGS: ReadonlySet<string> = new Set(["findings", "outside_diff"]);

/** Cuts the end of a list of findings, and says in a field of its own how many there are and where. */
function cutFindings(
  name: string,
  list: readonly unknown[],
  longest: number,
  wholeResultOf: WholeResultOf,
  taskId: string,
): [string, unknown][] {
  const most = Math.max(MIN_LIST_LENGTH, Math.floor(longest / CHARACTERS_A_LINE));
  const shown = list.slice(0, most).map((each) => cutValue(each, longest, wholeResultOf));
  if (list.length <= most) return [[name, shown]];
  const note = `${list.length - most} of ${list.length}; all are in ${wholeResultOf(taskId)}`;
  return [
    [name, shown],
    [`${name}_left_out`, note],
  ];
}

function cutValue(value: unknown, longest: number, wholeResultOf: WholeResultOf, whole?: string): unknown {
  if (typeof value === "string") return cutText(value, longest, whole);
  if (Array.isArray(value)) return cutList(value, longest).map((each) => cutValue(each, longest, wholeResultOf));
  return typeof value === "object" && value !== null ? cutObject(value, longest, wholeResultOf) : value;
}

/** Cuts the middle of a text: the beginning of a message says what it is about, and the end gives the outcome. */
function cutText(text: string, longest: number, whole: string | undefined): string {
  if (text.length <= Math.max(longest, MIN_TEXT_CHARACTERS)) return text;
  const headLength = Math.ceil((longest * 2) / 3);
  const [head, tail] = [takeStart(text, headLength), takeEnd(text, longest - headLength)];
  const where = whole === undefined ? "" : `; the whole text is in ${whole}`;
  const missing = text.length - head.length - tail.length;
  const note = `[… ${missing} of ${text.length} characters left out${where} …]`;
  return shorterOf(text, `${head}\n\n${note}\n\n${tail}`);
}

/** Cuts the end of a list of texts. Other lists are pages or have their count in the answer. */
function cutList(list: readonly unknown[], longest: number): readonly unknown[] {
  const most = Math.max(MIN_LIST_LENGTH, Math.floor(longest / CHARACTERS_A_LINE));
  if (list.length <= most || typeof list[0] !== "string") return list;
  return shorterOf(list, [...list.slice(0, most), `… and ${list.length - most} more`]);
}

/** Returns a cut value, or the whole one if the note of what is missing takes more room than that. */
function shorterOf<T>(whole: T, cut: T): T {
  return sizeOf(cut) < sizeOf(whole) ? cut : whole;
}
