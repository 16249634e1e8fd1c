import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Ways in which a command leaves processes behind; every one has `$T` in its arguments, and cares for nobody's signals. */
const SHAPES = {
  "double fork": `( ( sleep $T & ) & )`,
  "cleared environment": `env -i PATH="$PATH" setsid sh -c 'sleep $T & sleep $T'`,
  "cleared double fork": `env -i PATH="$PATH" setsid sh -c '(sleep $T &) & exit'`,
  "deaf to signals": `env -i PATH="$PATH" setsid sh -c 'trap "" TERM INT HUP; while :; do sleep $T; done'`,
  stopped: `env -i PATH="$PATH" setsid sh -c 'kill -STOP $$; sleep $T'`,
  "PID namespace": `env -i PATH="$PATH" setsid unshare -fp sh -c 'trap "" TERM INT; setsid sleep $T & sleep $T; :'`,
  "user namespace": `env -i PATH="$PATH" setsid unshare -fp --user --map-root-user sh -c 'sleep $T & sleep $T'`,
  "namespace without parent": `env -i PATH="$PATH" setsid sh -c 'unshare -fp --user --map-root-user sh -c "sleep $T & sleep $T; :" & exit'`,
  "chain of forks": `env -i PATH="$PATH" setsid sh $F/chain.sh $T 1000`,
  "fast chain of forks": `env -i PATH="$PATH" setsid perl -e 'for (1 .. 3000) { exit if fork; select(undef, undef, undef, 0.004) }' $T`,
  "restarting each other": `env -i PATH="$PATH" setsid sh $F/restart.sh $T 400`,
} as const;

/** The name of such a way. */
export type Escape = keyof typeof SHAPES;
export const ESCAPES = Object.keys(SHAPES) as Escape[];

/** Writes the scripts that some of the commands run; all of them end by themselves after some seconds. */
export function writeEscapeScripts(folder: string): void {
  const chain = 'sleep 0.01\nif [ "$2" -gt 0 ]; then sh "$0" "$1" $(($2 - 1)) & fi\nexit 0\n';
  writeFileSync(join(folder, "chain.sh"), chain);
  // Each waits for the other one to end, and starts it again.
  const restart =
    'trap "" TERM INT HUP\nif [ "$2" -gt 0 ]; then\n  sh -c "sleep $1" &\n  wait $!\n  exec sh "$0" "$1" $(($2 - 1))\nfi\n';
  writeFileSync(join(folder, "restart.sh"), restart);
}

/** A shell script that leaves processes behind in these ways, all with `token` in their arguments. */
export function escapeCommand(ways: readonly Escape[], token: string, folder: string): string {
  const lines = ways.map((way) => `${SHAPES[way]} </dev/null >/dev/null 2>&1 &`);
  return lines.join("\n").replaceAll("$T", token).replaceAll("$F", folder);
}

/** A number of seconds that nobody else sleeps. */
export function makeToken(): string {
  return `300.${String(Math.floor(Math.random() * 1e9)).padStart(9, "0")}`;
}

/** Finds the processes that have a text in their arguments, looking at nothing that they could have cleared. */
export function processesNamed(token: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(name, "cmdline").includes(token))
    .map(Number);
}

/** Kills the processes that have a text in their arguments. @returns how many there were at first */
export function killNamed(token: string): number {
  const found = processesNamed(token);
  for (let left = found; left.length > 0; left = processesNamed(token)) {
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }
  return found.length;
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
