import type { ProcessIdentity } from "#platform/process/identity.ts";

/** Watch on a process that is to end with this one. */
export interface Watch {
  /** Lets the process outlive this one. */
  release: () => void;
  /** Ends the process now. */
  end: () => void;
}

/**
 * Shell script that ends a process group when its standard input ends, unless it has read a line before, and removes the files that the
 * process may leave. `$1` is the leader's pid, the rest are the files. The start time is compared, because a pid may have been given to
 * another process.
 */
const WATCH_SCRIPT = `
start_of() {
  if [ -d /proc/self ]; then
    IFS= read -r line 2>/dev/null < "/proc/$1/stat" || return 0
    set -- \${line##*) }
    echo "\${20}"
  else
    LC_ALL=C ps -o lstart= -p "$1"
  fi
}
pid=$1
shift
start=$(start_of "$pid")
is_there() { [ -n "$start" ] && [ "$(start_of "$pid")" = "$start" ]; }
if IFS= read -r word; then exit 0; fi
if is_there; then kill -s TERM -- "-$pid" 2>/dev/null; fi
for second in 1 2 3 4 5; do
  is_there || break
  sleep 1
done
if is_there; then kill -s KILL -- "-$pid" 2>/dev/null; fi
rm -f -- "$@"
`;

/**
 * Makes a process, which leads its own group, end with this process, however this one ends: a shell reads from a pipe that only this process
 * has open.
 * @param files that the process may leave if it is killed, or ended while it starts
 */
export function endWithUs(
  { pid }: ProcessIdentity,
  environment: Record<string, string>,
  files: readonly string[],
): Watch {
  const watcher = Bun.spawn(["/bin/sh", "-c", WATCH_SCRIPT, "sh", String(pid), ...files], {
    cwd: "/",
    env: { PATH: environment["PATH"] ?? "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watcher.unref();
  const close = (text: string) => {
    void (async () => {
      if (text !== "") void watcher.stdin.write(text);
      await watcher.stdin.end();
    })().catch(() => {
      // The watcher was killed: nothing ends the process then but its own user.
    });
  };
  return { release: () => close("release\n"), end: () => close("") };
}
