// Limits of accounts in the state folder and in Codex's own records, whatever they contain, and the wait for a reset.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "#base/config.ts";
import { readSessionLimits } from "#codex/quota/session-limits.ts";
import { currentLimits, describeLimits } from "#domain/limits.ts";
import { describeQuotaWait } from "#domain/waiting.ts";
import {
  findQuotaWait,
  findReachedLimit,
  forgetLimitBefore,
  readCurrentLimits,
  recordAccountLimits,
  recordReachedLimit,
} from "#tasks/quota/account-limits.ts";
import { waitForReset } from "#tasks/quota/wait-for-reset.ts";

let root: string;
let config: ReturnType<typeof readConfig>;

beforeEach(() => {
  root = mkdtempSync("/var/tmp/codexmcp-limits-");
  mkdirSync(join(root, "codex"));
  config = readConfig({ HOME: root, CODEXMCP_HOME: join(root, "state"), CODEX_HOME: join(root, "codex") });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const folder = () => join(config.home, "limits");

describe("a limit that is reached", () => {
  test("holds for tasks of the account until its reset, and for no other account", () => {
    const until = inSeconds(60);
    recordReachedLimit(config, {}, until, "Limit.");
    expect(findQuotaWait(config, {})).toEqual({ kind: "quota", until, message: "Limit." });
    expect(findQuotaWait(config, { settings: ['model_reasoning_summary="none"'] })).toBeDefined();
    expect(findQuotaWait(config, {}, Date.parse(until))).toBeUndefined();
    expect(findQuotaWait(config, { profile: "other" })).toBeUndefined();
    expect(findQuotaWait(config, { settings: ['model_provider="other"'] })).toBeUndefined();
    mkdirSync(join(root, "other"));
    expect(findQuotaWait({ ...config, codexHome: join(root, "other") }, {})).toBeUndefined();
    symlinkSync(join(root, "codex"), join(root, "link"));
    expect(findQuotaWait({ ...config, codexHome: join(root, "link") }, {})).toBeDefined();
  });

  test("that is reset later is kept when another is recorded", () => {
    const later = inSeconds(3000);
    recordReachedLimit(config, {}, later, "Weekly.");
    recordReachedLimit(config, {}, inSeconds(3), "A minute's.");
    expect(findReachedLimit(config, {})).toMatchObject({ until: later, message: "Weekly." });
  });

  test("is forgotten after a login, and after a turn that began later", () => {
    recordReachedLimit(config, {}, inSeconds(60), "Limit.");
    forgetLimitBefore(config, {}, Date.now() - 60_000);
    expect(findReachedLimit(config, {})).toBeDefined();
    forgetLimitBefore(config, {}, Date.now() + 1);
    expect(findReachedLimit(config, {})).toBeUndefined();
    recordReachedLimit(config, {}, inSeconds(60), "Limit.");
    writeFileSync(join(config.codexHome, "auth.json"), "{}");
    expect(findReachedLimit(config, {})).toBeUndefined();
    recordReachedLimit(config, {}, inSeconds(30), "The new account's.");
    expect(findReachedLimit(config, {})).toMatchObject({ message: "The new account's." });
  });

  test("keeps no task from starting longer than it may wait, or if none may", () => {
    recordReachedLimit(config, {}, inSeconds(60), "Limit.");
    expect(findQuotaWait({ ...config, quotaWaitSeconds: 30 }, {})).toBeUndefined();
    expect(findQuotaWait({ ...config, quotaWaitSeconds: 0 }, {})).toBeUndefined();
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"until":"soon","message":"","at":"x","login":"none"}',
    '{"until":1}',
    "\0".repeat(1e6),
  ])("in a damaged file is none: %.30j", (content) => {
    recordReachedLimit(config, {}, inSeconds(60), "Limit.");
    const [name = ""] = readdirSync(folder());
    writeFileSync(join(folder(), name), content);
    expect(findQuotaWait(config, {})).toBeUndefined();
    recordReachedLimit(config, {}, inSeconds(60), "Again.");
    expect(findQuotaWait(config, {})).toMatchObject({ message: "Again." });
  });

  test("is none if its file is a pipe or a folder, and no failure to record one ends a run", () => {
    recordReachedLimit(config, {}, inSeconds(60), "Limit.");
    const path = join(folder(), readdirSync(folder())[0] ?? "");
    rmSync(path);
    Bun.spawnSync(["mkfifo", path]);
    expect(findQuotaWait(config, {})).toBeUndefined();
    rmSync(path);
    mkdirSync(path);
    expect(findQuotaWait(config, {})).toBeUndefined();
    recordReachedLimit({ ...config, home: "/proc/none" }, {}, inSeconds(60), "Limit.");
    forgetLimitBefore({ ...config, home: "/proc/none" }, {}, Date.now());
  });

  test("has private files", () => {
    recordReachedLimit(config, {}, inSeconds(60), "x".repeat(100_000));
    const [name = ""] = readdirSync(folder());
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder(), name)).size).toBeLessThan(2000);
  });
});

describe("what is left of the limits", () => {
  const at = new Date().toISOString();
  const primary = { used_percent: 63.4, window_minutes: 300, resets_at: inSeconds(3600) };

  test("is that of the newest report, without windows that are over", () => {
    recordAccountLimits(config, {}, { at, primary, secondary: { used_percent: 12, resets_at: inSeconds(-5) } });
    recordAccountLimits(config, {}, { at: inSeconds(-60), primary: { used_percent: 5 } });
    expect(readCurrentLimits(config)).toEqual({ at, primary });
    expect(readCurrentLimits(config, Date.now() + 4_000_000)).toBeUndefined();
  });

  test("is unknown a window's length after a report without a reset", () => {
    const limits = { at, primary: { used_percent: 5, window_minutes: 10 } };
    expect(currentLimits(limits, Date.parse(at) + 9 * 60_000)).toEqual(limits);
    expect(currentLimits(limits, Date.parse(at) + 11 * 60_000)).toBeUndefined();
  });

  test("is described with the names of windows and local times", () => {
    const now = new Date(2026, 10, 27, 12, 0);
    const secondary = {
      used_percent: 12,
      window_minutes: 10_080,
      resets_at: new Date(2026, 11, 1, 8, 30).toISOString(),
    };
    const today = { ...primary, resets_at: new Date(2026, 10, 27, 14, 5).toISOString() };
    expect(describeLimits({ at, primary: today, secondary }, now)).toBe(
      "63 % of the 5-hour limit used, resets 14:05; 12 % of the weekly limit used, resets 2026-12-01 08:30",
    );
    expect(describeLimits({ at, primary: { used_percent: 1 } }, now)).toBe("1 % of the limit used");
    expect(describeQuotaWait({ until: today.resets_at }, now)).toBe("waiting for the quota until 14:05");
    expect(describeQuotaWait({ until: "soon" }, now)).toBe("waiting for the quota until soon");
  });
});

describe("Codex's own record of a session", () => {
  const session = "01a21f63-b437-7983-8a96-fdb03dc3eed2";
  const write = (...lines: unknown[]) => {
    const day = join(config.codexHome, "sessions", "2026", "11", "27");
    mkdirSync(day, { recursive: true });
    const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
    writeFileSync(join(day, `rollout-2026-11-27T23-42-37-${session}.jsonl`), `${texts.join("\n")}\n`);
  };
  const event = (rate_limits: unknown, timestamp: unknown = "2026-11-27T23:42:37.689Z") => ({
    timestamp,
    type: "event_msg",
    payload: { type: "token_count", info: null, rate_limits },
  });
  const read = () => readSessionLimits([config.codexHome], session);

  test("has the last report", () => {
    write(
      event({ primary: { used_percent: 1, window_minutes: 300, resets_at: 1_795_822_000 }, secondary: null }),
      event({
        primary: { used_percent: 100, window_minutes: 300, resets_at: 1_795_822_991 },
        secondary: null,
        credits: null,
      }),
      { type: "event_msg", payload: { type: "task_complete" } },
    );
    expect(read()).toEqual({
      at: "2026-11-27T23:42:37.689Z",
      primary: { used_percent: 100, window_minutes: 300, resets_at: "2026-11-27T23:43:11.000Z" },
    });
  });

  test("of an earlier version counts from the report", () => {
    write(event({ primary: { used_percent: 7, resets_in_seconds: 60 } }));
    expect(read()?.primary).toEqual({ used_percent: 7, resets_at: "2026-11-27T23:43:37.689Z" });
  });

  test.each([
    ["no limits", event({ primary: null, secondary: null })],
    ["null", event(null)],
    ["texts", event({ primary: { used_percent: "100", resets_at: "soon" } })],
    ["no time", event({ primary: { used_percent: 100 } }, "yesterday")],
    ["no JSON", '{"token_count" "rate_limits"'],
  ])("with %s has none", (_name, line) => {
    write(line);
    expect(read()).toBeUndefined();
  });

  test("with a time that has no name has none", () => {
    write(event({ primary: { used_percent: 100, resets_at: 1e300 } }));
    expect(read()).toEqual({ at: "2026-11-27T23:42:37.689Z", primary: { used_percent: 100 } });
  });
});

describe("the wait for a reset", () => {
  const never = new AbortController().signal;
  const forever = () => false;

  test("is over when the clock says so, also if the machine slept meanwhile", async () => {
    let time = 0;
    let isOver = false;
    const wait = waitForReset({ until: 3_600_000, isForgotten: forever, signal: never, clock: () => time });
    const done = wait.then((result) => (isOver = result));
    await Bun.sleep(20);
    expect(isOver).toBe(false);
    time = 3_610_000;
    expect(await done).toBe(true);
  });

  test("ends at once if the limit is forgotten, or if it is to be stopped", async () => {
    let isForgotten = false;
    const wait = waitForReset({ until: Number.MAX_SAFE_INTEGER, isForgotten: () => isForgotten, signal: never });
    isForgotten = true;
    expect(await wait).toBe(true);
    const stop = new AbortController();
    const stopped = waitForReset({ until: Number.MAX_SAFE_INTEGER, isForgotten: forever, signal: stop.signal });
    stop.abort();
    expect(await stopped).toBe(false);
  });

  test("does not end at the reset, but a moment later, which is another for each task", async () => {
    let reads = 0;
    // The reset is over at the second reading of the clock, and the delay after it at the third.
    const clock = () => [999, 1000, 10_000][reads++] ?? 0;
    expect(await waitForReset({ until: 1000, isForgotten: forever, signal: never, clock })).toBe(true);
    expect(reads).toBe(3);
  });
});
