// Judges the commands that are given on standard input, one JSON string a line. Prints one line for each: what it does.
import { findDaemonRequests } from "#readonly/audit/daemon-requests.ts";
import { judgeCommand, withoutShell } from "#readonly/audit/judge-command.ts";

for await (const line of console) {
  if (line === "") continue; // the end
  const command = JSON.parse(line) as string;
  const { does, writes, unknowns, programs } = judgeCommand(withoutShell(command), {
    folder: "/srv",
    temporary: "/tmp/run",
  });
  const requests = findDaemonRequests([command]);
  console.log(does, writes.length, unknowns.length, programs.length, requests.length);
}
