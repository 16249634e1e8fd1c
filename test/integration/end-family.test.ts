import { afterEach, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { endFamily } from "#platform/process/end-family.ts";
import { identifyProcess } from "#platform/process/identity.ts";
import { killNamed, makeToken, processesNamed } from "../support/escapes.ts";

const ON_LINUX = process.platform === "linux";
const tokens: string[] = [];

afterEach(() => {
  for (const token of tokens.splice(0)) killNamed(token);
});

test.if(ON_LINUX)(
  "orphans that come to a supervisor are ended and reaped; what it has started for itself is not touched",
  async () => {
    const [members, own] = [newToken(), newToken()];
    const script = fileURLToPath(import.meta.resolve("../support/adopting-process.ts"));
    const run = Bun.spawn([process.execPath, script, members, own], { stdio: ["ignore", "pipe", "inherit"] });
    expect(JSON.parse(await run.stdout.text())).toEqual({ survivors: [], exitCode: 7, zombies: 0, members: 0, own: 2 });
  },
);

test.if(ON_LINUX)("a pid that was given to another process since is not signalled", async () => {
  const token = newToken();
  const other = Bun.spawn(["sleep", token]);
  const identity = identifyProcess(other.pid);
  expect(identity).toBeDefined();
  const root = { pid: other.pid, start: `${identity?.start}0` };
  expect(await endFamily({ root, marker: "MEMBER=none", traces: { adopter: undefined } }, 0)).toEqual([]);
  expect(processesNamed(token)).toEqual([other.pid]);
});

test.if(ON_LINUX)(
  "descendants of a marked process belong to it, also where they have cleared their environment",
  async () => {
    const token = newToken();
    const marker = `MEMBER=${token}`;
    Bun.spawn(["sh", "-c", `env -i PATH="$PATH" setsid sh -c 'sleep ${token} & sleep ${token}' & wait`], {
      env: { PATH: process.env["PATH"], MEMBER: token },
    });
    while (processesNamed(`sleep\0${token}`).length < 2) await Bun.sleep(10);
    expect(await endFamily({ root: undefined, marker })).toEqual([]);
    expect(processesNamed(token)).toEqual([]);
  },
);

function newToken(): string {
  const token = makeToken();
  tokens.push(token);
  return token;
}
