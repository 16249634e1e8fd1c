import { type Invocation, type Judge, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { hasOption, known, operandsOf, optionValue, type Value } from "#readonly/audit/value.ts";

/** Returns the judge of a program that writes, creates or removes all its operands. */
const writesOperands =
  (action: string, withValue: readonly string[] = []): Judge =>
  ({ name, args }) =>
    isHelp(args) ? READS : writes(`${name} ${action}`, operandsOf(args, withValue));

/** Judges programs that change attributes but not content: the first operand is the new value, the others are files. */
const judgeAttributes: Judge = ({ name, args }) => {
  const operands = operandsOf(args);
  return isHelp(args) ? READS : writes(`${name} changes attributes`, operands.slice(1), "attributes");
};

/** Judges programs that copy or link to their last operand, or to the value of `-t`. */
function judgeCopy({ name, args }: Invocation): ReturnType<Judge> {
  if (isHelp(args)) return READS;
  const into = optionValue(args, "-t", "--target-directory");
  const last = operandsOf(args, ["-t", "-S", "-m", "-o", "-g"]).at(-1);
  return writes(`${name} copies or links files`, [into ?? last].filter(isDefined));
}

function judgeMove(invocation: Invocation): ReturnType<Judge> {
  // A moved file is removed from its old path.
  return isHelp(invocation.args) ? READS : writes("mv moves files", operandsOf(invocation.args, ["-t", "-S"]));
}

function judgeTar({ args }: Invocation): ReturnType<Judge> {
  const mode = args[0]?.text ?? "";
  const letters = mode.startsWith("--") ? "" : mode.replace(/^-/, "");
  if (letters.includes("t") || hasOption(args, "--list", "--compare", "-d", "--version", "--help")) return READS;
  const file = optionValue(args, "-f", "--file") ?? (letters.includes("f") ? args[1] : undefined);
  if (letters.includes("c") || hasOption(args, "--create")) {
    return file === undefined || file.text === "-" ? READS : writes("tar creates an archive", [file]);
  }
  if (letters.includes("O") || hasOption(args, "--to-stdout", "-O")) return READS;
  return writes("tar unpacks files", [optionValue(args, "-C", "--directory")].filter(isDefined));
}

/** Judges gzip and similar programs, which replace files unless they write to standard output or only test. */
function judgeCompression({ name, args, hasStdin }: Invocation): ReturnType<Judge> {
  if (hasOption(args, "-c", "--stdout", "--to-stdout", "-l", "--list", "-t", "--test") || isHelp(args)) return READS;
  const operands = operandsOf(args);
  if (operands.length === 0 && hasStdin) return READS;
  return writes(`${name} replaces files`, operands);
}

function judgeUnzip({ args }: Invocation): ReturnType<Judge> {
  if (hasOption(args, "-l", "-p", "-c", "-t", "-v", "-Z", "-z") || isHelp(args)) return READS;
  return writes("unzip unpacks files", [optionValue(args, "-d")].filter(isDefined));
}

function judgeDd({ args }: Invocation): ReturnType<Judge> {
  const to = args.find(({ text }) => text.startsWith("of="));
  return to === undefined ? READS : writes("dd writes", [{ ...to, text: to.text.slice(3) }]);
}

function judgeTee({ args }: Invocation): ReturnType<Judge> {
  const targets = operandsOf(args);
  return targets.length === 0 ? READS : writes("tee writes", targets);
}

function judgePatch({ args }: Invocation): ReturnType<Judge> {
  if (hasOption(args, "--dry-run") || isHelp(args)) return READS;
  const to = optionValue(args, "-o", "--output");
  return writes("patch changes files", to === undefined ? operandsOf(args, ["-i", "-p", "-d"]).slice(0, 1) : [to]);
}

function judgeMktemp({ args }: Invocation): ReturnType<Judge> {
  if (hasOption(args, "-u", "--dry-run")) return READS;
  const folder = optionValue(args, "-p", "--tmpdir");
  const template = operandsOf(args, ["-p", "--suffix"])[0];
  if (folder !== undefined) return writes("mktemp creates a file", [folder]);
  return template === undefined || hasOption(args, "-t") ? READS : writes("mktemp creates a file", [template]);
}

/** Judges programs with two operands: source and target. */
const judgeSecondOperand: Judge = ({ name, args }) => {
  const to = operandsOf(args, ["-f", "-s", "-w"])[1];
  return to === undefined ? READS : writes(`${name} writes its second file`, [to]);
};

function isDefined(value: Value | undefined): value is Value {
  return value !== undefined;
}

function isHelp(args: readonly Value[]): boolean {
  return args.length === 1 && ["--help", "--version"].includes(args[0]?.text ?? "");
}

/** Judges editors, which change files according to typed input or a script. */
const judgeEditor: Judge = ({ name, args }) =>
  isHelp(args) ? READS : writes(`${name} edits files`, operandsOf(args, ["-c", "-s", "-S"]));

const judgeSplit: Judge = ({ name, args }) =>
  writes(`${name} writes parts`, [operandsOf(args, ["-l", "-b", "-n", "-a", "-f"])[1] ?? known("xaa")]);

/** Commands that create, change or remove files. */
export const FILE_COMMANDS: Record<string, Judge> = {
  rm: writesOperands("removes files"),
  rmdir: writesOperands("removes folders"),
  unlink: writesOperands("removes a file"),
  shred: writesOperands("destroys files", ["-n", "-s"]),
  trash: writesOperands("removes files"),
  mkdir: writesOperands("creates folders", ["-m"]),
  mkfifo: writesOperands("creates a pipe", ["-m"]),
  mknod: writesOperands("creates a device file", ["-m"]),
  truncate: writesOperands("truncates files", ["-s", "-r"]),
  touch: writesOperands("creates files or changes their times", ["-d", "-t", "-r"]),
  fallocate: writesOperands("creates files", ["-l", "-o"]),
  apply_patch: () => writes("apply_patch changes files"),
  applypatch: () => writes("applypatch changes files"),
  cp: judgeCopy,
  ln: judgeCopy,
  install: judgeCopy,
  rsync: (invocation) => (hasOption(invocation.args, "-n", "--dry-run", "--list-only") ? READS : judgeCopy(invocation)),
  scp: judgeCopy,
  mv: judgeMove,
  rename: writesOperands("renames files"),
  chmod: judgeAttributes,
  chown: judgeAttributes,
  chgrp: judgeAttributes,
  chattr: judgeAttributes,
  setfacl: judgeAttributes,
  setfattr: judgeAttributes,
  tee: judgeTee,
  sponge: writesOperands("writes"),
  dd: judgeDd,
  split: judgeSplit,
  csplit: judgeSplit,
  patch: judgePatch,
  mktemp: judgeMktemp,
  tar: judgeTar,
  bsdtar: judgeTar,
  gzip: judgeCompression,
  gunzip: judgeCompression,
  bzip2: judgeCompression,
  bunzip2: judgeCompression,
  xz: judgeCompression,
  unxz: judgeCompression,
  zstd: judgeCompression,
  zip: ({ args }) => writes("zip creates an archive", operandsOf(args).slice(0, 1)),
  unzip: judgeUnzip,
  "7z": ({ args }) => (args[0]?.text === "l" || args[0]?.text === "t" ? READS : unknown("7z")),
  uniq: judgeSecondOperand,
  vi: judgeEditor,
  vim: judgeEditor,
  nvim: judgeEditor,
  nano: judgeEditor,
  emacs: judgeEditor,
  ed: judgeEditor,
  ex: judgeEditor,
  mount: ({ args }) => (args.length === 0 ? READS : writes("mount changes what is mounted", [], "beyond")),
  umount: () => writes("umount changes what is mounted", [], "beyond"),
};
