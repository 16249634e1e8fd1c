import { runCommand } from "#cli/framework/run-command.ts";

void runCommand(process.argv.slice(2)).then((exitCode) => {
  if (exitCode !== undefined) process.exit(exitCode);
});
