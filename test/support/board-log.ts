import { appendFileSync, closeSync, openSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Lines of a log, with what Codex would do in a small task. @param topic what it works on */
export function eventsOf(topic: string, steps: number, isEnded: boolean): string[] {
  const lines: object[] = [{ type: "thread.started", thread_id: Bun.randomUUIDv7() }, { type: "turn.started" }];
  for (let step = 0; step < steps; step++) lines.push(...stepOf(topic, step));
  if (isEnded) {
    const usage = { input_tokens: 4000, cached_input_tokens: 1000, output_tokens: 800, reasoning_output_tokens: 100 };
    lines.push(itemOf("item.completed", `end`, { type: "agent_message", text: `**Done** with ${topic}.` }));
    lines.push({ type: "turn.completed", usage });
  }
  return lines.map((line) => JSON.stringify(line));
}

function stepOf(topic: string, step: number): object[] {
  const id = `item_${step}`;
  const command = `/bin/bash -lc 'rg -n ${topic} src | head -${step + 1}'`;
  const output = Array.from({ length: 5 }, (_, line) => `src/file-${line}.ts:${line}: ${topic}\n`).join("");
  switch (step % 4) {
    case 0:
      return [itemOf("item.completed", id, { type: "reasoning", text: `Step ${step}: look at ${topic}.` })];
    case 1:
      return [
        itemOf("item.started", id, commandOf(command, "", null, "in_progress")),
        itemOf("item.completed", id, commandOf(command, output, 0, "completed")),
      ];
    case 2: {
      const changes = [{ path: `src/file-${step}.ts`, kind: "update" }];
      return [itemOf("item.completed", id, { type: "file_change", changes, status: "completed" })];
    }
    default:
      return [
        itemOf("item.completed", id, { type: "agent_message", text: `I have done step ${step} of \`${topic}\`.` }),
      ];
  }
}

function itemOf(type: string, id: string, item: object): object {
  return { type, item: { id, ...item } };
}

function commandOf(command: string, aggregated_output: string, exit_code: number | null, status: string): object {
  return { type: "command_execution", command, aggregated_output, exit_code, status };
}

/** Writes a run's log, and the times at which its lines were written, a second apart. */
export function writeLog(path: string, lines: readonly string[], startedAt: Date): void {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  let offset = 0;
  const times = lines.map((line, index) => {
    offset += Buffer.byteLength(line) + 1;
    return `${offset} ${startedAt.getTime() + index * 1000}\n`;
  });
  writeFileSync(join(dirname(path), "codex-exec.times"), times.join(""), { mode: 0o600 });
}

/** Writes a log of about so many bytes: thousands of commands, some with much output, and a line of 10 MB where there is space. */
export function writeLongLog(path: string, bytes: number): void {
  const file = openSync(path, "w", 0o600);
  const write = (line: object) => writeSync(file, `${JSON.stringify(line)}\n`);
  write({ type: "thread.started", thread_id: Bun.randomUUIDv7() });
  write({ type: "turn.started" });
  if (bytes > 20_000_000) {
    const long = commandOf("cat long", "x".repeat(10_000_000), 0, "completed");
    write(itemOf("item.completed", "long", long));
  }
  for (let step = 0; statSync(path).size < bytes; step++) {
    const output = `line of output ${step}\n`.repeat(step % 50 === 0 ? 10_000 : 100);
    write(itemOf("item.completed", `item_${step}`, commandOf(`make step-${step}`, output, 0, "completed")));
    write(itemOf("item.completed", `said_${step}`, { type: "agent_message", text: `Step **${step}** is done.` }));
  }
  closeSync(file);
}

/** Appends an event to a running task's log: a message. */
export function appendMessage(path: string, text: string): void {
  appendFileSync(
    path,
    `${JSON.stringify(itemOf("item.completed", Bun.randomUUIDv7(), { type: "agent_message", text }))}\n`,
  );
}
