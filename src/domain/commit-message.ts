import { shorten } from "#base/text.ts";
import { parseTopic } from "./topic.ts";

const VERBS = { implement: "Implement ", test: "Test ", review: "Review ", longrun: "" } as const;
const MAX_PROMPT = 2000;

/** Returns the default message for a commit of a task's work: its topic, its prompt, and the task. */
export function commitMessageOf({ topic, task_id }: { topic: string; task_id: string }, prompt?: string): string {
  const { type, description } = parseTopic(topic);
  const subject = `${VERBS[type]}${description.replaceAll(/[_-]/g, " ")}`;
  const asked = prompt === undefined ? "" : `\n\n${shorten(prompt.trim(), MAX_PROMPT)}`;
  return `${subject.charAt(0).toUpperCase()}${subject.slice(1)}${asked}\n\nTask: ${task_id}\n`;
}
