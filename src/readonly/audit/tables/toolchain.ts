import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import { grammar, isGiven, optionFindings, readCommandLine, readsWith } from "#readonly/audit/options.ts";
import { isKnownWord, mayBeOption, type Value } from "#readonly/audit/value.ts";

/** Returns the judge of a compiler that only checks if one of these options is given. */
const checksWith = (options: string, specification: string): Judge => {
  const rules = grammar(`${options} ${specification} --version --help ! ...`);
  const names = [...options.split(" "), "--version", "--help"];
  return ({ name, args }): readonly CommandFinding[] => {
    const line = readCommandLine(rules, args);
    return [
      ...(isGiven(line, ...names) ? READS : writes(`${name} writes its output`)),
      ...optionFindings(name, line, rules),
    ];
  };
};

/** Returns the judge of a linter or formatter that writes unless one of these options is given. */
const onlyReadsWith = (options: string, specification = ""): Judge => {
  const rules = grammar(`${options} ${specification} --version --help ! ...`);
  return ({ name, args }) => {
    const line = readCommandLine(rules, args);
    const isReading = isGiven(line, ...options.split(" "), "--version", "--help");
    return [...(isReading ? READS : writes(`${name} changes files`)), ...optionFindings(name, line, rules)];
  };
};

const TSC = checksWith(
  "--noEmit -noEmit --showConfig --listFilesOnly -v -h --all",
  `--outFile= --outDir= --tsBuildInfoFile=> --incremental> --composite> --generateTrace=> --generateCpuProfile=> -b> --build> -w> --watch> --init> -p= --project= --declarationDir= -i> -t= -m=
   --target= --module= --lib= --jsx= --moduleResolution= --types= --rootDir=`,
);

/** Judges `tsc`, whose options have one dash or two, in any case. */
const judgeTsc: Judge = (invocation) => {
  const isWriting = ({ text }: Value) =>
    /^--?(?:incremental|composite|tsbuildinfofile|generatetrace|generatecpuprofile|build|watch|init|[biw])$/i.test(
      text,
    );
  return [...TSC(invocation), ...(invocation.args.some(isWriting) ? writes("tsc writes") : READS)];
};

const COMPILER_CHECKS =
  /^(?:-fsyntax-only|-E|--version|--help|-v|-dumpversion|-dumpmachine|-print-[\w-]+(?:=.*)?|-###)$/;
const COMPILER_WRITES =
  /^(?:-o.*|-MF.*|-MD|-MMD|-MJ.*|-save-temps.*|--save-temps.*|-fdump.*|-dumpdir.*|-d[A-Z].*|-aux.*|-ftime-trace.*|-fprofile.*|-serialize-diagnostics.*|--output.*|-fstack-usage|-fdiagnostics-format=.*file|-Wp,.*)$/;
const COMPILER_RUNS =
  /^(?:@.*|-wrapper|-fplugin.*|-B.*|-specs.*|--specs.*|-Xclang|-load|-Wa,.*|-no-canonical-prefixes|-fuse-ld.*|--config.*|-fpass-plugin.*)$/;

/** Judges C compilers: with `-E` and `-fsyntax-only` they print or check, unless further options name files or programs. */
const judgeCompiler: Judge = ({ name, args }) => {
  const findings = args.flatMap((word, index): readonly CommandFinding[] => {
    if (mayBeOption(word) || COMPILER_RUNS.test(word.text)) return unknown(`${name} ${word.text} may run a program`);
    const isOutput =
      word.text === "-o"
        ? args[index + 1]?.text !== "-" && args[index + 1]?.text !== "/dev/null"
        : COMPILER_WRITES.test(word.text);
    return isOutput ? writes(`${name} ${word.text} writes`) : [];
  });
  return args.some(({ text }) => COMPILER_CHECKS.test(text))
    ? findings
    : [...writes(`${name} writes its output`), ...findings];
};

const judgeRustc: Judge = ({ args }) => {
  const isAsking = args.every(
    ({ text, isKnown }) =>
      isKnown &&
      /^(?:-vV|-V|-v|--version|--verbose|--help|-h|--print|--explain|--print=[\w-]+|[a-z][\w-]*)$/.test(text),
  );
  const isPlain =
    isAsking && args.some(({ text }) => /^(?:-vV|-V|--version|--help|-h|--print.*|--explain)$/.test(text));
  return isPlain ? READS : writes("rustc writes its output");
};

const RUFF = grammar(
  "-n --no-cache --check --diff --fix> --fix-only> --add-noqa> -o=> --output-file=> --cache-dir=> --watch ! ...",
);

/** Judges `ruff`, which keeps a cache in the project unless an option prevents it. */
const judgeRuff: Judge = ({ name, args }) => {
  const line = readCommandLine(RUFF, args);
  const command = line.operands[0]?.text ?? "";
  const findings = optionFindings(name, line, RUFF);
  if (
    /^(?:rule|config|linter|version|help)$/.test(command) ||
    args.every(({ text }) => /^-(?:V|h|-version|-help)$/.test(text))
  ) {
    return findings;
  }
  if (command === "format" && !isGiven(line, "--check", "--diff")) {
    return [...findings, ...writes("ruff changes files")];
  }
  return isGiven(line, "-n", "--no-cache") ? findings : [...findings, ...writes("ruff writes its cache")];
};

const MAKE = grammar(
  `-n --just-print --dry-run --recon -q --question -p --print-data-base -v --version -h --help -f=? --file=? --makefile=? --eval=? -E=? -C= --directory= -I= --include-dir= -o= --old-file=
   --assume-old= -W= --what-if= --new-file= --assume-new= -j[=] --jobs[=] -k --keep-going -B --always-make -s --silent --quiet -i --ignore-errors -e -d --debug[=] --trace -r -R -w
   --no-print-directory --print-directory -l[=] -O[=] -S -t> --touch> !`,
);

/** Judges `make`: `-n` prints the recipes; what a makefile runs when it is read counts as part of make. */
const judgeMake: Judge = ({ name, args }) => {
  const line = readCommandLine(MAKE, args);
  const isPrinting = isGiven(line, "-n", "--just-print", "--dry-run", "--recon", "-v", "--version", "-h", "--help");
  const isSetting = line.operands.some(({ text, isKnown }) => !isKnown || text.includes("="));
  const findings = optionFindings(name, line, MAKE);
  return isPrinting && !isSetting ? findings : [...findings, ...unknown("make runs recipes")];
};

const judgeBiome: Judge = (invocation) => {
  const command = invocation.args[0]?.text ?? "";
  if (!/^(?:check|lint|format|ci|explain|--version|-V|--help)$/.test(command)) return unknown(`biome ${command}`);
  return readsWith("--write> --fix> --apply> --apply-unsafe> --suppress> --reporter-file=> --profile> ...")(invocation);
};

/** Returns the judge of a program that is only known to answer what version it is. */
const versionOnly: Judge = ({ name, args }) =>
  args.length === 1 && args.every(isKnownWord) && /^(?:--version|-version|-V|-v|--help|-h)$/.test(args[0]?.text ?? "")
    ? READS
    : writes(`${name} writes its output`);

/** Compilers, linters, formatters and build tools. */
export const TOOLCHAIN_COMMANDS: Record<string, Judge> = {
  ...shareJudge("make gmake", judgeMake),
  tsc: judgeTsc,
  ...shareJudge("gcc g++ cc c++ clang clang++ cpp", judgeCompiler),
  rustc: judgeRustc,
  ...shareJudge("javac java", versionOnly),
  eslint: readsWith(
    "--fix> --fix-type= --fix-dry-run -o=> --output-file=> --cache> --cache-file=> --cache-location=> --cache-strategy= --init> --suppress-all> --suppress-rule=> --prune-suppressions> --rulesdir=! --plugin= --resolve-plugins-relative-to=! -c=? --config=? --stats --mcp? ...",
  ),
  oxlint: readsWith("--fix> --fix-suggestions> --fix-dangerously> --init> --lsp? ..."),
  prettier: readsWith(
    "--write> -w> --cache> --cache-location=> --cache-strategy= --plugin=! --config=? --with-node-modules --support-info ...",
  ),
  biome: judgeBiome,
  ruff: judgeRuff,
  black: onlyReadsWith("--check --diff"),
  isort: onlyReadsWith("--check --check-only -c --diff"),
  gofmt: readsWith("-w> -cpuprofile=> -l -d -e -s -r= ..."),
  rustfmt: onlyReadsWith("--check", "--emit=> --backup> --config-path=?"),
  shfmt: readsWith("-w> --write> -i= --indent= -ln= --language-dialect= -p -s -d ..."),
  shellcheck: () => READS,
};
