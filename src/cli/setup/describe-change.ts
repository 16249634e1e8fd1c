import { shortenHome } from "#base/paths.ts";
import { compose, paint, type Text } from "#cli/terminal/style.ts";
import type { ClientChange } from "#install/set-up-client.ts";

const OLD_PROGRAMS = {
  ours: "",
  codex: ", whose entry starts Codex's own server, which Codex removed",
  other: ", whose entry starts another program",
};

/** Returns the lines that show a change of a client's file: the entry's lines that go, come and stay. */
export function describeChange({ client, file, name, kind, before, after, text }: ClientChange): Text[] {
  const old = after === undefined || kind === undefined ? "" : OLD_PROGRAMS[kind];
  return [
    `${client.title}, ${shortenHome(file.path)}${text === undefined ? ", which has nothing else and is deleted" : ""}${old}:`,
    ...compareLines(linesOf(name, before), linesOf(name, after)).map(([mark, line]) => {
      if (mark === " ") return compose`  ${line}`;
      return paint(`${mark} ${line}`, mark === "+" ? "green" : "red");
    }),
  ];
}

function linesOf(name: string, fields: Record<string, unknown> | undefined): string[] {
  if (fields === undefined) return [];
  const shown = JSON.stringify(fields, (key, value: unknown) => (isSecret(key, value) ? "…" : value), 2);
  return `${JSON.stringify(name)}: ${shown}`.split("\n");
}

/** Returns whether a value is a secret: others may see the terminal. */
function isSecret(key: string, value: unknown): boolean {
  return typeof value === "string" && /KEY|TOKEN|SECRET|PASSWORD|AUTHORIZATION/i.test(key);
}

type ComparedLine = readonly [mark: "-" | "+" | " ", line: string];

/** Returns the lines of two texts, those of both once. */
function compareLines(before: readonly string[], after: readonly string[]): ComparedLine[] {
  const [first, ...rest] = before;
  const [other, ...others] = after;
  if (first === undefined) return after.map((line) => ["+", line] as const);
  if (other === undefined) return before.map((line) => ["-", line] as const);
  if (first === other) return [[" ", first], ...compareLines(rest, others)];
  return after.includes(first) && !rest.includes(other)
    ? [["+", other], ...compareLines(before, others)]
    : [["-", first], ...compareLines(rest, after)];
}
