import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import {
  asksForHelp,
  type CommandLine,
  grammar,
  isGiven,
  optionFindings,
  readCommandLine,
  readsWith,
  valueOf,
} from "#readonly/audit/options.ts";
import { known, type Value, withoutStart } from "#readonly/audit/value.ts";

/** Returns the judge of a program that writes: its targets by its command line. @param specification options that take values */
const changes = (
  specification: string,
  action: string,
  targets: (line: CommandLine) => readonly (Value | undefined)[],
): Judge => {
  const rules = grammar(`${specification} --help --version ...`);
  return ({ name, args }) => {
    const line = readCommandLine(rules, args);
    if (asksForHelp(line) && args.length === 1) return READS;
    const own = targets(line).filter((target) => target !== undefined);
    return [...writes(`${name} ${action}`, own), ...optionFindings(name, line, rules)];
  };
};

const operands = ({ operands: all }: CommandLine) => all;

/** Judges programs that change attributes but not content: the first operand is the new value, the others are files. */
const attributes = (specification: string, first: number): Judge => {
  const rules = grammar(`${specification} --reference= --help --version ...`);
  return ({ name, args }) => {
    const line = readCommandLine(rules, args);
    if (asksForHelp(line) && args.length === 1) return READS;
    const from = isGiven(line, "--reference") ? 0 : first;
    return writes(`${name} changes attributes`, line.operands.slice(from), "attributes");
  };
};

const COPY =
  "-t= --target-directory= -S= --suffix= -m= --mode= -o= --owner= -g= --group= --strip-program=! --backup[=]";
const copied = (line: CommandLine) => [valueOf(line, "-t", "--target-directory") ?? line.operands.at(-1)];

/** Judges `ln`: a link in the temporary folder may lead out of it. */
const judgeLink: Judge = (invocation) => {
  const findings = changes(COPY, "copies or links files", copied)(invocation);
  return findings.length === 0 ? READS : [...findings, ...unknown("a link may lead out of the temporary folder")];
};

const RSYNC = grammar(
  `-n --dry-run --list-only -e=! --rsh=! --rsync-path=! --log-file=> --write-batch=> --only-write-batch=> --early-input= -f= --filter=
   --exclude= --include= --exclude-from= --include-from= --files-from= -T= --temp-dir= -B= --config=! --daemon? --server? -M=! --remote-option=! ...`,
);

const judgeRsync: Judge = ({ name, args }) => {
  const line = readCommandLine(RSYNC, args);
  const isReading = isGiven(line, "-n", "--dry-run", "--list-only") || line.operands.length === 1 || asksForHelp(line);
  const isRemote = line.operands.some(({ text, isKnown }) => !isKnown || text.includes(":"));
  return [
    ...(isReading ? READS : writes("rsync copies files", isRemote ? [] : line.operands.slice(-1))),
    ...(isRemote ? unknown("rsync runs commands on another machine") : []),
    ...optionFindings(name, line, RSYNC),
  ];
};

const judgeDd: Judge = ({ args }) => [
  ...args.filter(({ text }) => text.startsWith("of=")).flatMap((word) => writes("dd writes", [withoutStart(word, 3)])),
  ...(args.some(({ text, isKnown, isSplit }) => !isKnown && (isSplit === true || text === ""))
    ? unknown("dd with operands that are known only at run time")
    : []),
];

const PATCH = grammar(
  "--dry-run --help --version -v -o=> --output=> -r=> --reject-file=> -i= --input= -p= --strip= -d= --directory= ...",
);

const judgePatch: Judge = ({ args }) => {
  const line = readCommandLine(PATCH, args);
  if (isGiven(line, "--dry-run", "--help", "--version")) return line.doubts.length > 0 ? unknown("patch") : READS;
  const to = valueOf(line, "-o", "--output");
  const file = isGiven(line, "-d", "--directory") ? [] : line.operands.slice(0, 1);
  return writes("patch changes files", to === undefined ? file : [to]);
};

const MKTEMP = grammar("-d --directory -u --dry-run -q --quiet --suffix= -p= --tmpdir[=] -t -V --help --version");

const judgeMktemp: Judge = ({ args }) => {
  const line = readCommandLine(MKTEMP, args);
  if (line.doubts.length > 0) return unknown(`mktemp: ${line.doubts.join(", ")}`);
  if (isGiven(line, "-u", "--dry-run", "--help", "--version", "-V")) return READS;
  const folder = valueOf(line, "-p", "--tmpdir");
  const [template] = line.operands;
  if (folder !== undefined) {
    return writes("mktemp creates a file", [folder.isKnown ? known(`${folder.text}/x`) : folder]);
  }
  return template === undefined || isGiven(line, "-t", "--tmpdir")
    ? READS
    : writes("mktemp creates a file", [template]);
};

/** Judges editors, which change files according to typed input or a script. */
const judgeEditor = changes("-c= -s= -S=", "edits files", operands);

const judgeSplit: Judge = (invocation) => {
  const line = readCommandLine(SPLIT, invocation.args);
  if (asksForHelp(line)) return READS;
  if (isGiven(line, "--filter")) return unknown("split --filter runs a program");
  return writes("split writes parts", [line.operands[1] ?? known("xaa")]);
};
const SPLIT = grammar(
  "-a= --suffix-length= --additional-suffix= -b= --bytes= -C= --line-bytes= -l= --lines= -n= --number= --filter=! -t= --separator= --help --version ...",
);

/** Returns the finding of a mount: without operands it lists. */
const judgeMount: Judge = ({ args }) => {
  const isListing = args.every(
    ({ text, isKnown }, index) =>
      isKnown &&
      (/^-[lvVh]$|^--(?:help|version|show-labels)$/.test(text) || text === "-t" || args[index - 1]?.text === "-t"),
  );
  return isListing ? READS : writes("mount changes what is mounted", [], "beyond");
};

const TEE = "-a --append -i --ignore-interrupts -p --output-error[=] --help --version";

/** Judges programs that write the second of their operands. */
const writesSecond = (specification: string): Judge =>
  readsWith(`${specification} --help --version !`, ({ operands: all, doubts }, { name }): readonly CommandFinding[] => [
    ...(all[1] === undefined ? [] : writes(`${name} writes its second file`, [all[1]])),
    ...(doubts.length === 0 && all.some(({ isSplit }) => isSplit === true)
      ? unknown(`${name} with operands that are known only at run time`)
      : []),
  ]);

/** Commands that create, change or remove files. */
export const FILE_COMMANDS: Record<string, Judge> = {
  ...shareJudge("rm unlink trash trash-put", changes("", "removes files", operands)),
  rmdir: changes("", "removes folders", operands),
  shred: changes("-n= --iterations= -s= --size= --random-source=", "destroys files", operands),
  mkdir: changes("-m= --mode=", "creates folders", operands),
  mkfifo: changes("-m= --mode=", "creates a pipe", operands),
  mknod: changes("-m= --mode=", "creates a device file", ({ operands: all }) => all.slice(0, 1)),
  truncate: changes("-s= --size= -r= --reference=", "truncates files", operands),
  touch: changes("-d= --date= -t= -r= --reference= --time=", "creates files or changes their times", operands),
  fallocate: changes("-l= --length= -o= --offset=", "creates files", operands),
  ...shareJudge("apply_patch applypatch", ({ name }) => writes(`${name} changes files`)),
  ...shareJudge("cp install scp", changes(COPY, "copies or links files", copied)),
  ...shareJudge("ln link", judgeLink),
  rsync: judgeRsync,
  // A moved file is removed from its old path.
  mv: changes("-t= --target-directory= -S= --suffix=", "moves files", (line) => [
    ...line.operands,
    valueOf(line, "-t", "--target-directory"),
  ]),
  ...shareJudge("rename prename", changes("", "renames files", operands)),
  ...shareJudge("chmod chown chgrp chattr", attributes("--from=", 1)),
  ...shareJudge("setfacl setfattr", attributes("-m= -x= -M= -X= -n= -v=", 0)),
  tee: readsWith(`${TEE} !`, ({ operands: all }, { name }) =>
    all.length === 0 ? READS : writes(`${name} writes`, all),
  ),
  sponge: changes("", "writes", operands),
  dd: judgeDd,
  split: judgeSplit,
  csplit: changes("-b= -f= --prefix= -n= --digits=", "writes parts", (line) => [
    valueOf(line, "-f", "--prefix") ?? known("xx00"),
  ]),
  patch: judgePatch,
  mktemp: judgeMktemp,
  uniq: writesSecond(
    "-c --count -d --repeated -D --all-repeated[=] -f= --skip-fields= --group[=] -i --ignore-case -s= --skip-chars= -u --unique -z --zero-terminated -w= --check-chars=",
  ),
  xxd: writesSecond(
    "-a -autoskip -b -bits -c= -cols= -C -capitalize -d -e -E -EBCDIC -g= -groupsize= -h -help -i -include -l= -len= -n= -name= -o= -offset= -p -ps -postscript -plain -r -revert -R= -s= -seek= -skip= -u -uppercase -v -version",
  ),
  ...shareJudge("vi vim nvim nano emacs ed ex", judgeEditor),
  mount: judgeMount,
  umount: () => writes("umount changes what is mounted", [], "beyond"),
};
