import { expect, test } from "bun:test";
import { checkDocument, checkMessages } from "../../scripts/check-messages.ts";
import { checkDocstrings, checkNames } from "../../scripts/check-style.ts";

test.each([
  ["/** What a caller gets. */\nexport interface Answer {}\n", "begins with a clause"],
  ["/**\n * Where the file is.\n */\nexport const FILE = 1;\n", "begins with a clause"],
  ["/** The same for folders. */\nfunction forFolders() {}\n", "begins with a clause"],
  ["/** The answer. */\nexport async function answer() {}\n", "begins with a verb"],
  ["class A {\n  /** Path of it. */\n  get path() {}\n}\n", "begins with a verb"],
])("%p is refused", (source, fault) => {
  expect(checkDocstrings("a.ts", source)).toEqual([expect.stringContaining(fault) as string]);
});

test.each([
  "/** Returns the answer. */\nexport function answer() {}\n",
  "/** @returns the answer */\nfunction answer() {}\n",
  "/** Facts needed for it. */\nexport interface Facts {}\n",
  "/** Limit of a name, in bytes. */\nconst MAX_BYTES = 1;\n",
  "// What is no docstring.\nfunction answer() {}\n",
])("%p is fine", (source) => {
  expect(checkDocstrings("a.ts", source)).toEqual([]);
});

const CODE = '"invalid_argument"';

test.each([
  [`new AppError(${CODE}, "No full stop", "Run it.");\n`, "full stop"],
  [`new AppError(${CODE}, \`Task \${id} has no end\`, "Run it.");\n`, "full stop"],
  [`new AppError(${CODE}, "The task ended.", "Run " + command + " again");\n`, "full stop"],
  [`new AppError(${CODE}, "the task ended.", "Run it.");\n`, "capital"],
  ['problem("state", "No space left", "Free some.");\n', "full stop"],
  ['const text = "It goes on.";\n', "goes on"],
  ["// Somebody else has it.\nconst a = 1;\n", "Somebody"],
  ["const text = `${name} is told`;\n", "is told"],
])("%p is refused", (source, fault) => {
  expect(checkMessages("a.ts", source)).toEqual([expect.stringContaining(fault) as string]);
});

test.each([
  `new AppError(${CODE}, "git is not in PATH.", "Install it.");\n`,
  `new AppError(${CODE}, message, hint);\n`,
  `new AppError(${CODE}, \`Codex said: \${text}\`, "Run \`doctor\`.");\n`,
])("%p is fine", (source) => {
  expect(checkMessages("a.ts", source)).toEqual([]);
});

test("a name that two files export is refused", () => {
  const one = { "a.ts": "export const a = 1;\nexport type B = 1;\n", "b.ts": "export function c() {}\n" };
  expect(checkNames(one)).toEqual([]);
  expect(checkNames({ ...one, "d.ts": "export interface B {}\n" })).toEqual(["B is exported by a.ts and d.ts"]);
});

test("banned words in a document are found with their lines, except in code", () => {
  const text = "# Title\n\nThe task goes on.\n\n```sh\necho goes on\n```\nRun `goes on`.\n";
  expect(checkDocument("a.md", text)).toEqual([expect.stringContaining("a.md:3") as string]);
});
