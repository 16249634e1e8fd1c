// Whatever users have configured for git, work, diffs, merges and discards come out the same.
// Several settings are tried at once: a random sixth (SETTINGS_SEED), or SETTINGS=all. SETTINGS=each tries all one by one,
// SETTINGS=<part of a name> those with that name.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allGitSettings, type GitSetting } from "../support/git-settings.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { Dice } from "../support/random-worktree.ts";
import { prepareStories, type StoryRecord, tellStory } from "../support/settings-story.ts";
import { World } from "../support/world.ts";

const WANTED = process.env["SETTINGS"] ?? "";
const SEED = Number(process.env["SETTINGS_SEED"] ?? Date.now() % 1_000_000);
/** So many settings are tried at once where they do not contradict each other. */
const GROUP_SIZE = 15;

let world: World;
let shared: McpClient;
let plain: StoryRecord;
let userConfig: string;
let stories = 0;

beforeAll(async () => {
  world = new World();
  userConfig = readFileSync(join(world.home, ".gitconfig"), "utf8");
  await prepareStories(world);
  await world.run(world.root, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(world.root, "key")]);
  shared = await world.client();
  plain = await story([]);
}, 120_000);
afterAll(() => world.close());

async function story(settings: readonly GitSetting[]): Promise<StoryRecord> {
  const environment: Record<string, string> = Object.assign({}, ...settings.map((one) => one.environment));
  const client = Object.keys(environment).length === 0 ? shared : await world.client(environment);
  writeFileSync(
    join(world.home, ".gitconfig"),
    userConfig + settings.flatMap(({ config }) => config.map(toLines)).join(""),
  );
  try {
    return await tellStory({ world, client, environment, number: ++stories });
  } catch (error) {
    return { failed: String(error) };
  } finally {
    writeFileSync(join(world.home, ".gitconfig"), userConfig);
    if (client !== shared) await client.close();
  }
}

function toLines([key, value]: readonly [string, string]): string {
  const [first, last] = [key.indexOf("."), key.lastIndexOf(".")];
  const section = first === last ? key.slice(0, first) : `${key.slice(0, first)} "${key.slice(first + 1, last)}"`;
  return `[${section}]\n\t${key.slice(last + 1)} = "${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"\n`;
}

/** Names the parts of a story that are not as they would be without the settings. */
async function differencesUnder(settings: readonly GitSetting[]): Promise<string[]> {
  const record = await story(settings);
  const parts = settings.flatMap(({ differs }) => differs?.parts ?? []);
  const names = Object.keys({ ...plain, ...record }).filter((name) => !parts.some((part) => name.startsWith(part)));
  const label = settings.map(({ name }) => name).join(" + ");
  const different = names.filter((name) => !Bun.deepEquals(record[name], plain[name]));
  const unexpected = Object.entries(Object.assign({}, ...settings.map(({ expected }) => expected)) as object)
    .filter(([name, value]) => !isAsExpected(record[name], value))
    .map(([name]) => name);
  return [...different, ...unexpected].map((name) => `${label}: ${name}: ${differenceOf(plain[name], record[name])}`);
}

/** Whether a part is the expected one, or has all that is expected of it. */
function isAsExpected(part: unknown, expected: unknown): boolean {
  if (typeof expected !== "object" || expected === null) return part === expected;
  return typeof part === "object" && part !== null && Bun.deepMatch(expected, part);
}

/** Returns the lines in which two parts differ. */
function differenceOf(before: unknown, after: unknown): string {
  const [old, now] = [before, after].map((part) => (JSON.stringify(part, undefined, 1) ?? "nothing").split("\n"));
  const lines = [
    ...(old ?? []).filter((line) => now?.includes(line) !== true).map((line) => `- ${line.trim()}`),
    ...(now ?? []).filter((line) => old?.includes(line) !== true).map((line) => `+ ${line.trim()}`),
  ];
  return lines.slice(0, 12).join(" ").slice(0, 1500);
}

/** Returns a sixth of all in groups without contradictions, or what was asked for, one by one. */
function chooseGroups(): GitSetting[][] {
  const all = allGitSettings(world);
  if (WANTED === "each") return all.map((one) => [one]);
  if (WANTED !== "" && WANTED !== "all") return all.filter(({ name }) => name.includes(WANTED)).map((one) => [one]);
  const dice = new Dice(SEED);
  const groups: GitSetting[][] = [];
  const chosen = all.filter(() => WANTED === "all" || dice.below(6) === 0);
  const shuffled = chosen.map((one) => ({ one, at: dice.below(1e9) })).toSorted((a, b) => a.at - b.at);
  for (const { one } of shuffled) {
    const fitting = groups.find(
      (group) => group.length < GROUP_SIZE && group.every((other) => fitTogether(one, other)),
    );
    if (fitting === undefined) groups.push([one]);
    else fitting.push(one);
  }
  return groups;
}

function fitTogether(one: GitSetting, other: GitSetting): boolean {
  const namesOf = ({ config, environment }: GitSetting) => [...config.map(([key]) => key), ...Object.keys(environment)];
  const names = namesOf(other);
  // git refuses some of its variables for patterns of paths beside others.
  const arePatterns = [one, other].every(({ name }) => /^GIT_\w+_PATHSPECS/.test(name));
  return !arePatterns && !one.isAlone && !other.isAlone && !namesOf(one).some((name) => names.includes(name));
}

test("the user's settings change nothing that we say or do", async () => {
  const groups = chooseGroups();
  const failures: string[] = [];
  for (const group of groups) {
    const found = await differencesUnder(group);
    if (found.length === 0) continue;
    console.log(`not the same: ${found.join("\n")}`);
    const each = group.length === 1 ? found : await differencesOfEach(group);
    failures.push(...(each.length === 0 ? found : each));
  }
  const names = groups.map((group) => group.map(({ name }) => name).join(", "));
  console.log(`settings (SETTINGS_SEED=${SEED}) in ${groups.length} stories: ${names.join("; ")}`);
  expect(failures).toEqual([]);
}, 3_600_000);

/** Finds which of several settings makes the difference. */
async function differencesOfEach(group: readonly GitSetting[]): Promise<string[]> {
  const failures: string[] = [];
  for (const one of group) failures.push(...(await differencesUnder([one])));
  return failures;
}
