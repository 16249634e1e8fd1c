// A process that adopts orphans and ends a family, as a supervisor does: prints which of its processes it has left.
// Usage: adopting-process.ts <token of members> <token of its own helper>
import { endFamily } from "#platform/process/end-family.ts";
import { becomeSubreaper } from "#platform/process/subreaper.ts";
import { processesNamed } from "./escapes.ts";

const [members = "", own = ""] = process.argv.slice(2);
becomeSubreaper();
const start = (environment: Record<string, string>, script: string) =>
  Bun.spawn(["setsid", "sh", "-c", script], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
start({}, `(setsid sleep ${members} &) ; (env -i PATH="$PATH" setsid sh -c 'sleep ${members} & sleep ${members}' &)`);
start({ HELPER: "own" }, `(sleep ${own} &)`);
const inOwnSession = Bun.spawn(["sleep", own]);
const count = (token: string) => processesNamed(`sleep\0${token}`).length;
while (count(members) < 3 || count(own) < 2) await Bun.sleep(10);
const survivors = await endFamily({
  root: undefined,
  marker: "MEMBER=none",
  traces: { adopter: process.pid, foreign: "HELPER=" },
});
// The status of a child of its own is not taken by whoever reaps orphans.
const failing = Bun.spawn(["sh", "-c", "sleep 0.1; exit 7"]);
const exitCode = await failing.exited;
await Bun.sleep(2500);
const zombies =
  Bun.spawnSync(["ps", "-o", "stat=", "--ppid", String(process.pid)])
    .stdout.toString()
    .match(/Z/g) ?? [];
const left = { members: processesNamed(members).length - 1, own: count(own) };
console.log(JSON.stringify({ survivors, exitCode, zombies: zombies.length, ...left }));
inOwnSession.kill("SIGKILL");
process.exit(0);
