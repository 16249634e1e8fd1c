import { type Judge, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { hasOption, optionValue } from "#readonly/audit/value.ts";

const judgeCurl: Judge = ({ args }) => {
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

const judgeWget: Judge = ({ args }) => {
  const output = optionValue(args, "-O", "--output-document");
  if (output?.text === "-" || hasOption(args, "--spider")) return READS;
  return writes("wget writes a file", output === undefined ? [] : [output]);
};

const beyond =
  (action: string): Judge =>
  ({ name }) =>
    writes(`${name} ${action}`, [], "beyond");

const judgeSqlite: Judge = ({ args }) => {
  const statements = args.slice(1).map(({ text }) => text);
  const isAsking = statements.every((text) => /^\s*(?:select|\.schema|\.tables|pragma|-)/i.test(text));
  if (isAsking || hasOption(args, "-readonly")) return READS;
  const isChanging = /\b(?:insert|update|delete|create|drop|alter|replace|vacuum)\b/i.test(statements.join(" "));
  return isChanging ? writes("sqlite3 changes a database", args.slice(0, 1)) : unknown("sqlite3 runs statements");
};

/** Commands that reach other processes or other machines. */
export const NETWORK_COMMANDS: Record<string, Judge> = {
  curl: judgeCurl,
  wget: judgeWget,
  ssh: () => unknown("ssh runs commands on another machine"),
  kill: ({ args }) =>
    hasOption(args, "-l", "-L") || args[0]?.text === "-0" ? READS : writes("kill ends processes", [], "beyond"),
  pkill: beyond("ends processes"),
  killall: beyond("ends processes"),
  reboot: beyond("restarts the machine"),
  shutdown: beyond("stops the machine"),
  useradd: beyond("changes users"),
  usermod: beyond("changes users"),
  passwd: beyond("changes a password"),
  at: beyond("schedules commands"),
  crontab: ({ args }) => (hasOption(args, "-l") ? READS : writes("crontab changes scheduled commands", [], "beyond")),
  tmux: ({ args }) =>
    /^(?:ls|list-\w+|capture-pane|display-message|has-session|show-\w+|info)$/.test(args[0]?.text ?? "")
      ? READS
      : writes("tmux runs commands outside of this run", [], "beyond"),
  sqlite3: judgeSqlite,
};
