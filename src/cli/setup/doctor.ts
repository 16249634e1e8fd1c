import { withFormerNames } from "#base/former-names.ts";
import type { Finding } from "#doctor/finding.ts";
import { runDoctor } from "#doctor/run-doctor.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { compose, multiline, paint, type Style, type Text, withoutControls } from "#cli/terminal/style.ts";
import { wrapToWidth } from "#cli/terminal/table.ts";

export const doctorCommand = defineCommand({
  name: "doctor",
  group: "clients",
  summary: "Check that everything is installed and works",
  details: "Exits with 1 if there is a problem. Warnings do not change the exit code.",
  options: { json: JSON_OPTION },
  examples: [["doctor", "Check everything and print how to fix what does not work"]],
  run: async ({ options }) => {
    const findings = await runDoctor(process.env);
    const problems = findings.filter(({ status }) => status === "problem").length;
    const warnings = findings.filter(({ status }) => status === "warning").length;
    if (options.json) printJson({ ok: problems === 0, problems, warnings, findings: findings.map(withFormerNames) });
    else printLines([...findings.flatMap(describe), "", summarise(problems, warnings)]);
    return problems === 0 ? 0 : 1;
  },
});

const MARKS: Record<Finding["status"], { mark: string; style: Style }> = {
  ok: { mark: "✓", style: "green" },
  warning: { mark: "!", style: "yellow" },
  problem: { mark: "✗", style: "red" },
};

const NAME_WIDTH = 15;

function describe({ check, status, message, fix }: Finding): Text[] {
  const { mark, style } = MARKS[status];
  const indent = " ".repeat(NAME_WIDTH + 2);
  const lines = wrap(message, indent.length);
  const fixes = fix === undefined ? [] : wrap(`→ ${fix}`, indent.length).map((line) => paint(line, "bold"));
  const [first = "", ...rest]: Text[] = [...lines, ...fixes];
  const name = check.replaceAll("_", " ").padEnd(NAME_WIDTH);
  return [compose`${paint(mark, style)} ${name}${first}`, ...rest.map((line) => compose`${indent}${line}`)];
}

function wrap(text: string, indent: number): string[] {
  const width = Math.max(20, terminalWidth() - indent);
  return wrapToWidth(multiline(withoutControls(text)), width, { isHard: false });
}

function summarise(problems: number, warnings: number): Text {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  if (problems + warnings === 0) return paint("No problems found.", "green");
  return paint(`${count(problems, "problem")}, ${count(warnings, "warning")}`, problems > 0 ? "red" : "yellow");
}
