import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { LogEntry, LogWindow, WindowQuery } from "#board/api/conversation.ts";
import { joinEntries } from "#board/api/join-entries.ts";
import { ConversationLog } from "#board/page/conversation/conversation-log.ts";
import type { PageSource } from "#board/page/source/page-source.ts";
import { runs } from "../support/property.ts";

/** A log in which each entry is one byte long: a command that has begun, one that has ended, or a message. */
class FakeLog {
  readonly entries: LogEntry[] = [];
  readonly #window: number;
  isBroken = false;

  constructor(size: number, window: number) {
    this.#window = window;
    this.grow(size);
  }

  grow(by: number): void {
    for (let count = 0; count < by; count++) {
      const at = this.entries.length + 1;
      if (at % 3 === 0) this.entries.push({ at, kind: "message", text: "m" });
      else
        this.entries.push({
          at,
          kind: "command",
          item: `c${Math.floor(at / 3)}`,
          status: at % 3 === 1 ? "in_progress" : "completed",
        });
    }
  }

  readonly readLog = async (_id: string, { run = 1, before, after }: WindowQuery): Promise<LogWindow> => {
    if (this.isBroken) throw new Error("unreachable");
    const size = this.entries.length;
    const start =
      after === undefined ? Math.max(0, Math.min(before ?? size, size) - this.#window) : Math.min(after, size);
    const end = after === undefined ? Math.min(before ?? size, size) : Math.min(size, start + this.#window);
    return { run, entries: joinEntries(this.entries.slice(start, end)), start, end, size };
  };

  get source(): PageSource {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only logs are read
    return { readLog: this.readLog } as Partial<PageSource> as PageSource;
  }
}

/** The entries that are loaded must be those of one part of the log, without a gap. */
function expectOnePart(log: ConversationLog, fake: FakeLog): void {
  const entries = log.entries.value;
  const last = entries.at(-1)?.at ?? 0;
  const first = entries[0]?.first ?? entries[0]?.at ?? 1;
  expect(joinEntries(fake.entries.slice(first - 1, last))).toEqual(entries);
}

const steps = fc.array(
  fc.oneof(
    fc.constantFrom("earlier", "later", "end", "break", "repair"),
    fc.record({ at: fc.integer({ min: 1, max: 5000 }) }),
    fc.record({ grow: fc.integer({ min: 1, max: 700 }) }),
  ),
  { maxLength: 25 },
);

test("what is loaded is one part of the log, and bounded, whatever the reader does and however requests fail", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 0, max: 6000 }),
      fc.integer({ min: 1, max: 500 }),
      async (all, size, window) => {
        const fake = new FakeLog(size, window);
        const log = new ConversationLog(fake.source, "task", 1);
        await log.openEnd();
        for (const step of all) {
          if (step === "earlier") await log.loadEarlier();
          else if (step === "later") await log.loadLater();
          else if (step === "end") await log.openEnd();
          else if (step === "break" || step === "repair") fake.isBroken = step === "break";
          else if ("at" in step) await log.openAt(Math.min(step.at, fake.entries.length));
          else fake.grow(step.grow);
          expectOnePart(log, fake);
          expect(log.entries.value.length).toBeLessThanOrEqual(2500);
        }
        fake.isBroken = false;
        await log.openEnd();
        expect(log.failure.value).toBeUndefined();
        expect([log.hasEnd.value, log.entries.value.at(-1)?.at ?? 0]).toEqual([true, fake.entries.length]);
      },
    ),
    runs(4),
  );
});

test("a reader who scrolls to the start and back sees every entry, while few are kept", async () => {
  const fake = new FakeLog(10_000, 300);
  const log = new ConversationLog(fake.source, "task", 1);
  await log.openEnd();
  while (!log.hasStart.value) {
    await log.loadEarlier();
    expectOnePart(log, fake);
    expect(log.entries.value.length).toBeLessThanOrEqual(2000);
  }
  expect([log.hasEnd.value, log.entries.value[0]?.first]).toEqual([false, 1]);
  for (let rounds = 0; rounds < 50 && !log.hasEnd.value; rounds++) {
    await log.loadLater();
    expectOnePart(log, fake);
  }
  expect(log.entries.value.at(-1)?.at).toBe(10_000);
});

test("long texts count as several entries", async () => {
  const fake = new FakeLog(0, 20);
  const text = "x".repeat(64 * 1024);
  for (let at = 1; at <= 3000; at++) fake.entries.push({ at, kind: "message", text });
  const log = new ConversationLog(fake.source, "task", 1);
  await log.openEnd();
  for (let rounds = 0; rounds < 40; rounds++) await log.loadEarlier();
  expect(log.entries.value.length).toBeLessThan(260);
});

test("a log that another one has replaced is read again", async () => {
  const fake = new FakeLog(1000, 100);
  const log = new ConversationLog(fake.source, "task", 1);
  await log.openEnd();
  fake.entries.length = 0;
  fake.grow(30);
  await log.loadLater();
  expect([log.entries.value.at(-1)?.at, log.hasStart.value, log.hasEnd.value]).toEqual([30, true, true]);
});
