import { runCommandLine } from "#cli/framework/run-command.ts";

void runCommandLine(process.argv.slice(2)).then((exitCode) => {
  if (exitCode !== undefined) process.exit(exitCode);
});
