import type { ProcessSystem, ProcessTable } from "./system.ts";

/** Process as listed by `ps`. */
interface PsProcess {
  pid: number;
  parent: number;
  /** Command line, followed by the environment if it is readable. */
  command: string;
}

/** Calls about processes on macOS, which has no /proc: `ps` and `sysctl` answer them. */
export const darwinProcesses: ProcessSystem = {
  readBootId: () => askSysctl("kern.bootsessionuuid"),
  hasPidNamespaces: false,
  readPidNamespace: () => "",
  readStart,
  isStopped: () => false,
  isBlockedOnPipe: () => false,
  readProcessTable,
  listWithVariable,
};

function askSysctl(name: string): string | undefined {
  try {
    const { stdout } = Bun.spawnSync(["/usr/sbin/sysctl", "-n", name], { stdin: "ignore", stderr: "ignore" });
    return stdout.toString().trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Returns a process's start time as text in a fixed language and time zone, since it is compared with texts recorded by others. */
function readStart(pid: number): string | undefined {
  const ps = Bun.spawnSync(["ps", "-o", "lstart=", "-p", String(pid)], {
    env: { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" },
    stdin: "ignore",
    stderr: "ignore",
  });
  return ps.stdout.toString().trim() || undefined;
}

/** Lists all processes but this one by one `ps` (BSD's `-E` adds the environments of this user's processes). */
function runPs(): PsProcess[] {
  const ps = Bun.spawnSync(["ps", "-axwwE", "-o", "pid=,ppid=,command="], { stderr: "ignore" });
  return ps.stdout
    .toString()
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[1]) !== process.pid)
    .map((match) => ({ pid: Number(match?.[1]), parent: Number(match?.[2]), command: match?.[3] ?? "" }));
}

function readProcessTable(): ProcessTable {
  const processes = new Map(runPs().map((each) => [each.pid, each]));
  const commandOf = (pid: number) => processes.get(pid)?.command ?? "";
  return {
    listParents: () => new Map([...processes.values()].map(({ pid, parent }) => [pid, parent])),
    parentOf: (pid) => processes.get(pid)?.parent,
    hasEntry: (pid, entry) => ` ${commandOf(pid)} `.includes(` ${entry} `),
    hasVariable: (pid, name) => commandOf(pid).includes(` ${name}=`),
  };
}

function listWithVariable(name: string): { pid: number; value: string }[] {
  return runPs().flatMap(({ pid, command }) => {
    const [, value] = new RegExp(` ${name}=(\\S+)`).exec(command) ?? [];
    return value === undefined ? [] : [{ pid, value }];
  });
}
