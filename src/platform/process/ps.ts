/** Lists all processes but this one on systems without /proc (BSD's `ps -E`); `command` ends with the environment. */
export function readPs(): { pid: number; parent: number; command: string }[] {
  const ps = Bun.spawnSync(["ps", "-axwwE", "-o", "pid=,ppid=,command="], { stderr: "ignore" });
  return ps.stdout
    .toString()
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[1]) !== process.pid)
    .map((match) => ({ pid: Number(match?.[1]), parent: Number(match?.[2]), command: match?.[3] ?? "" }));
}
