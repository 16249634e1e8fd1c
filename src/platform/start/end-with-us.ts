import type { ProcessIdentity } from "#platform/process/identity.ts";

/** Watch on a process that is to end with this one. */
export interface Watch {
  /** Lets the process outlive this one. */
  release: () => void;
  /** Ends the process now. */
  end: () => void;
}

/**
 * Shell script that ends a process group when its standard input ends, unless it has read a line before. A killed process could not remove
 * its files, so it has ten seconds to end by itself. `$1` is the leader's pid. The start
 * time is compared, because a pid may have been given to another process.
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
start=$(start_of "$pid")
if IFS= read -r word; then exit 0; fi
is_there() { [ -n "$start" ] && [ "$(start_of "$pid")" = "$start" ]; }
is_there || exit 0
kill -s TERM -- "-$pid" 2>/dev/null
for second in 1 2 3 4 5 6 7 8 9 10; do
  sleep 1
  is_there || exit 0
done
kill -s KILL -- "-$pid" 2>/dev/null
`;

/**
 * Makes a process, which leads its own group, end with this process, however this one ends: a shell reads from a pipe that only this process
 * has open.
 */
export function endWithUs({ pid }: ProcessIdentity, environment: Record<string, string>): Watch {
  const watcher = Bun.spawn(["/bin/sh", "-c", WATCH_SCRIPT, "sh", String(pid)], {
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
