import { type Judge, READS, unknown, writes } from "../finding.ts";
import { hasOption, known, optionValue } from "../value.ts";

const curl: Judge = ({ args }) => {
  const output = optionValue(args, "-o", "--output");
  if (output !== undefined && output.text !== "-") return writes("curl writes a file", [output]);
  if (hasOption(args, "-O", "--remote-name", "-J", "--remote-name-all")) return writes("curl writes a file");
  const method = optionValue(args, "-X", "--request")?.text ?? "GET";
  const isSending = hasOption(
    args,
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--json",
    "-F",
    "--form",
    "-T",
    "--upload-file",
  );
  if (isSending || !/^(?:GET|HEAD|OPTIONS)$/i.test(method)) return writes("curl sends data", [], "beyond");
  return READS;
};

const wget: Judge = ({ args }) => {
  const output = optionValue(args, "-O", "--output-document");
  if (output?.text === "-" || hasOption(args, "--spider")) return READS;
  return writes("wget writes a file", output === undefined ? [] : [output]);
};

const beyond =
  (does: string): Judge =>
  ({ name }) =>
    writes(`${name} ${does}`, [], "beyond");

/** Commands that reach other processes or other machines. */
export const NETWORK_COMMANDS: Record<string, Judge> = {
  curl,
  wget,
  ssh: () => unknown("ssh runs commands on another machine"),
  kill: ({ args }) =>
    hasOption(args, "-l", "-L") || args[0]?.text === "-0"
      ? READS
      : beyond("ends processes")({ name: "kill", args, stdin: undefined, hasStdin: false }),
  pkill: beyond("ends processes"),
  killall: beyond("ends processes"),
  reboot: beyond("restarts the machine"),
  shutdown: beyond("stops the machine"),
  useradd: beyond("changes users"),
  usermod: beyond("changes users"),
  passwd: beyond("changes a password"),
  at: beyond("has commands run later"),
  crontab: ({ args }) => (hasOption(args, "-l") ? READS : writes("crontab changes the timetable", [], "beyond")),
  tmux: ({ args }) =>
    /^(?:ls|list-\w+|capture-pane|display-message|has-session|show-\w+|info)$/.test(args[0]?.text ?? "")
      ? READS
      : writes("tmux runs commands outside of this run", [], "beyond"),
  sqlite3: ({ args }) =>
    hasOption(args, "-readonly") ||
    args.slice(1).every(({ text }) => /^\s*(?:select|\.schema|\.tables|pragma|-)/i.test(text))
      ? READS
      : /\b(?:insert|update|delete|create|drop|alter|replace|vacuum)\b/i.test(args.map(({ text }) => text).join(" "))
        ? writes("sqlite3 changes a database", args.slice(0, 1).length === 1 ? args.slice(0, 1) : [known("?")])
        : unknown("sqlite3 runs statements"),
};
