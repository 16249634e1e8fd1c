import { afterAll, beforeAll, expect, test } from "bun:test";
import { World } from "../support/world.ts";
import { playRound, type Round, scriptRounds } from "./round.ts";

// The whole suite is 200 rounds: FAULT_ROUNDS=200 npm test -- test/fault
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 10);

let world: World;

beforeAll(() => {
  world = new World();
  scriptRounds(world);
});
afterAll(() => world.close());

test(
  `server, supervisor, Codex, code-mode host, tmux server or all killed at random moments, ${ROUNDS} times: every end is true`,
  async () => {
    const folder = world.folder("plain");
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round++) rounds.push(await playRound(world, folder, round));
    console.table(rounds.map((round) => ({ ...round, faults: round.faults.join(", ") })));
    expect(rounds.filter((round) => round.faults.length > 0)).toEqual([]);
  },
  ROUNDS * 30_000,
);
