import { shorten } from "#base/text.ts";
import type { DAEMON_PROGRAMS } from "#domain/daemon-programs.ts";
import { judgeCommands } from "./judge-command.ts";
import { grammar, readCommandLine } from "./options.ts";
import type { Value } from "./value.ts";

/** Function that returns whether a program's arguments ask a daemon to start something. */
type Asks = (args: readonly Value[]) => boolean;

/** Maximum length of a listed request in characters; longer ones are truncated. */
const MAX_REQUEST_LENGTH = 160;
const MAX_REQUESTS = 20;
/** Placeholder surroundings: the folder of a command makes no difference to what it asks for. */
const ANYWHERE = { folder: "/", temporary: "/tmp" };

/** Returns whether one of these options is among the words; short ones may be bundled. */
function hasOption(args: readonly Value[], ...options: readonly string[]): boolean {
  return args.some(({ text }) =>
    options.some(
      (option) =>
        text === option ||
        (/^-[a-zA-Z]$/.test(option) && /^-[a-zA-Z0-9]/.test(text) && text.includes(option.charAt(1), 1)),
    ),
  );
}

/** Returns the words that are not options. @param withValue options that take the next word as their value */
function operandsOf(args: readonly Value[], withValue: readonly string[] = []): readonly Value[] {
  return readCommandLine(grammar(`... ${withValue.map((option) => `${option}=`).join(" ")}`), args).operands;
}

const isSubcommand =
  (names: RegExp, optionsWithValue: readonly string[] = []): Asks =>
  (args) => {
    const [first, second] = operandsOf(args, optionsWithValue).map(({ text }) => text);
    return names.test(first ?? "") || names.test(`${first} ${second}`);
  };

const unlessOption =
  (...options: readonly string[]): Asks =>
  (args) =>
    !hasOption(args, ...options);

const TMUX_COMMANDS = [
  "new-session",
  "new-window",
  "split-window",
  "run-shell",
  "respawn-pane",
  "respawn-window",
  "if-shell",
  "pipe-pane",
  "send-keys",
  "display-popup",
  "source-file",
];
const TMUX_ALIASES = /^(?:new|neww|splitw|run|respawnp|respawnw|if|pipep|send|popup|source)$/;

/**
 * Returns whether tmux is asked to start something. It accepts aliases and prefixes as command names, and several commands
 * separated by `;`.
 */
const asksTmux: Asks = (args) => {
  if (hasOption(args.slice(0, 1), "-V")) return false;
  const words = operandsOf(args, ["-L", "-S", "-f", "-c", "-T"]).map(({ text }) => text);
  const isFirst = (index: number) => index === 0 || words[index - 1] === ";";
  const commands = words.filter((word, index) => isFirst(index) && word !== ";");
  const starts = (name: string) =>
    TMUX_ALIASES.test(name) || (name.length > 3 && TMUX_COMMANDS.some((each) => each.startsWith(name)));
  return commands.length === 0 || commands.some(starts);
};

const CONTAINER_OPTIONS = [
  "-H",
  "--host",
  "-c",
  "--context",
  "--config",
  "-l",
  "--log-level",
  "--root",
  "--url",
  "-f",
  "--file",
  "-p",
];
const asksContainers = isSubcommand(
  /^(?:(?:container )?(?:run|start|restart|exec|create)|(?:compose|stack|pod|play|kube) (?:up|run|start|restart|deploy|play|kube))$/,
  CONTAINER_OPTIONS,
);
const asksServices = isSubcommand(/^(?:start|restart|reload-or-restart|try-restart|isolate|enable)$/, [
  "-t",
  "-p",
  "-H",
  "-M",
  "--type",
  "--property",
  "--host",
  "--machine",
]);

/** Checks for requests to a daemon, by the names in {@link DAEMON_PROGRAMS}. */
const DAEMON_CLIENTS: ReadonlyMap<string, Asks> = new Map(
  Object.entries({
    tmux: asksTmux,
    screen: unlessOption("-ls", "-list", "-wipe", "-v", "--version", "-r", "-x"),
    docker: asksContainers,
    podman: asksContainers,
    nerdctl: asksContainers,
    "docker-compose": isSubcommand(/^(?:up|run|start|restart|exec)$/, ["-f", "--file", "-p"]),
    "podman-compose": isSubcommand(/^(?:up|run|start|restart|exec)$/, ["-f", "--file", "-p"]),
    "systemd-run": unlessOption("--version", "--help", "-h"),
    systemctl: asksServices,
    service: (args: readonly Value[]) => /^(?:start|restart)$/.test(args[1]?.text ?? ""),
    launchctl: isSubcommand(/^(?:load|bootstrap|submit|start|kickstart|asuser|bsexec)$/),
    at: unlessOption("-l", "-r", "-d", "-c", "-V"),
    batch: unlessOption("-V"),
    crontab: unlessOption("-l", "-r"),
    pm2: isSubcommand(/^(?:start|restart|reload|resurrect)$/),
    supervisorctl: isSubcommand(/^(?:start|restart)$/, ["-c", "-s"]),
    lxc: isSubcommand(/^(?:launch|start|restart|exec)$/),
    incus: isSubcommand(/^(?:launch|start|restart|exec)$/),
    virsh: isSubcommand(/^(?:start|create)$/, ["-c"]),
    "flatpak-spawn": (args: readonly Value[]) => hasOption(args, "--host"),
    busctl: isSubcommand(/^call$/),
    gdbus: isSubcommand(/^call$/),
    "dbus-send": () => true,
  } satisfies Record<(typeof DAEMON_PROGRAMS)[number], Asks>),
);

/**
 * Finds the shell commands that asked a daemon (tmux, docker, systemd, at, …) to start something: such a process is no
 * descendant of the task that asked for it, and does not end with it.
 * @param commands as Codex's log records them
 * @returns each request once, as a command line
 */
export function findDaemonRequests(commands: readonly string[]): string[] {
  const requests = new Set<string>();
  for (const { name, args } of judgeCommands(commands, ANYWHERE).flatMap(({ programs }) => programs)) {
    if (DAEMON_CLIENTS.get(name)?.(args) !== true) continue;
    const line = [name, ...args.map(({ text, isKnown }) => (isKnown ? text : "…"))]
      .join(" ")
      .replaceAll(/[\s\p{Cc}]+/gu, " ");
    requests.add(shorten(line, MAX_REQUEST_LENGTH));
  }
  return [...requests].slice(0, MAX_REQUESTS);
}
