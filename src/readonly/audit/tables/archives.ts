import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import {
  asksForHelp,
  type CommandLine,
  grammar,
  isGiven,
  optionFindings,
  readCommandLine,
  valueOf,
} from "#readonly/audit/options.ts";
import { known, type Value } from "#readonly/audit/value.ts";

const TAR = grammar(
  `-A -c -d -r -t -u -x -g=> -G -n -S -C= -T=? -X= -k -U> -W -O -m -p -s -f= -F=! -L= -M? -b= -B -i -H= -V= -a -I=! -j -J -z -Z -h -K= -N= -P -l -R -v -w -o
   --catenate --concatenate --create --delete --diff --compare --append --test-label --list --update --extract --get --check-device
   --listed-incremental=> --incremental --hole-detection= --ignore-failed-read --level= --no-check-device --no-seek --seek --occurrence[=] --sparse-version=
   --sparse --add-file= --directory= --exclude= --exclude-backups --exclude-caches --exclude-caches-all --exclude-caches-under --exclude-ignore=
   --exclude-ignore-recursive= --exclude-tag= --exclude-tag-all= --exclude-tag-under= --exclude-vcs --exclude-vcs-ignores --no-null --no-recursion
   --no-unquote --no-verbatim-files-from --null --recursion --files-from=? --unquote --verbatim-files-from --exclude-from= --anchored --ignore-case
   --no-anchored --no-ignore-case --no-wildcards --no-wildcards-match-slash --wildcards --wildcards-match-slash --keep-directory-symlink
   --keep-newer-files --keep-old-files --no-overwrite-dir --one-top-level[=] --overwrite --overwrite-dir --recursive-unlink --remove-files>
   --skip-old-files --unlink-first --verify --ignore-command-error --no-ignore-command-error --to-stdout --to-command=! --atime-preserve[=]?
   --clamp-mtime --delay-directory-restore --group= --group-map= --mode= --mtime= --touch --no-delay-directory-restore --no-same-owner
   --no-same-permissions --numeric-owner --owner= --owner-map= --preserve-permissions --same-permissions --same-owner --sort= --preserve-order
   --same-order --acls --no-acls --no-selinux --no-xattrs --selinux --xattrs --xattrs-exclude= --xattrs-include= --force-local --file=
   --info-script=! --new-volume-script=! --tape-length= --multi-volume? --rmt-command=! --rsh-command=! --volno-file=> --blocking-factor=
   --read-full-records --ignore-zeros --record-size= --format= --old-archive --portability --pax-option= --posix --label= --auto-compress
   --use-compress-program=! --bzip2 --xz --lzip --lzma --lzop --no-auto-compress --zstd --gzip --gunzip --ungzip --compress --uncompress --backup[=]
   --hard-dereference --dereference --starting-file= --newer-mtime= --newer= --after-date= --one-file-system --absolute-names --suffix=
   --strip-components= --transform= --xform= --checkpoint[=] --checkpoint-action=! --full-time --index-file=> --check-links --no-quote-chars=
   --quote-chars= --quoting-style= --block-number --show-defaults --show-omitted-dirs --show-snapshot-field-ranges --show-transformed-names
   --show-stored-names --totals[=] --utc --verbose --warning= --interactive --confirmation --no-same-order --help --usage --version`,
);

/** Writes the bundled letters of `tar xzf a.tgz` as options, each followed by its value. */
function withDashes(args: readonly Value[]): readonly Value[] {
  const [first, ...rest] = args;
  if (first === undefined || !first.isKnown || first.text.startsWith("-")) return args;
  const words = [...rest];
  const options: Value[] = [];
  for (const letter of first.text) {
    options.push(known(`-${letter}`));
    const value = TAR.options.get(`-${letter}`)?.argument === "required" ? words.shift() : undefined;
    if (value !== undefined) options.push(value);
  }
  return [...options, ...words];
}

const judgeTar: Judge = ({ name, args }) => {
  const line = readCommandLine(TAR, withDashes(args));
  if (asksForHelp(line)) return READS;
  return [...tarMode(line), ...optionFindings(name, line, TAR)];
};

function tarMode(line: CommandLine): readonly CommandFinding[] {
  const file = valueOf(line, "-f", "--file");
  if (file?.text.includes(":") === true && !isGiven(line, "--force-local")) {
    return unknown("tar reaches another machine");
  }
  const isChanging = isGiven(line, "-r", "--append", "-u", "--update", "-A", "--catenate", "--concatenate", "--delete");
  if (isGiven(line, "-c", "--create") || isChanging) {
    return file === undefined || file.text === "-" ? READS : writes("tar creates an archive", [file]);
  }
  if (isGiven(line, "-x", "--extract", "--get")) {
    if (isGiven(line, "-O", "--to-stdout")) return READS;
    return writes(
      "tar unpacks files",
      isGiven(line, "-P", "--absolute-names") ? [] : [folderOf(line, "-C", "--directory")],
    );
  }
  const isReading = isGiven(
    line,
    "-t",
    "--list",
    "-d",
    "--diff",
    "--compare",
    "--test-label",
    "--show-defaults",
    "--usage",
  );
  return isReading || line.given.length === 0 ? READS : unknown("tar does something that is not known");
}

/** Returns a path within the folder that files are unpacked to. */
function folderOf(line: CommandLine, ...options: readonly string[]): Value {
  const folder = valueOf(line, ...options) ?? known(".");
  return folder.isKnown ? known(`${folder.text}/x`) : folder;
}

const COMPRESSION = grammar(
  `-a -c -d -f -h -k -l -L -n -N -q -r -R -s= -S= -t -v -V -z -H -F= -C= -M= -T= -e -0 -1 -2 -3 -4 -5 -6 -7 -8 -9 --ascii --stdout --to-stdout --decompress
   --uncompress --force --help --keep --list --license --no-name --name --quiet --recursive --suffix= --synchronous --rsyncable --test --verbose
   --version --best --fast --small --repetitive-best --repetitive-fast --compress --single-stream --no-sparse --files[=] --files0[=] --format= --check=
   --ignore-check --threads= --memlimit= --memlimit-compress= --memlimit-decompress= --no-adjust --robot --info-memory --long-help --no-warn --extreme
   --block-size= --block-list= --flush-timeout= !`,
);
const ZSTD = grammar(
  `-o=> -c -d -l -t -f -k -q -v -V -h -H -r -z -D= -T= -M= -b[=] -e[=] -i= -# --stdout --decompress --list --test --train> --train-cover[=]> --train-fastcover[=]>
   --train-legacy[=]> --output-dir-flat=> --output-dir-mirror=> --rm> --maxdict= --version --help --keep --force --quiet --verbose --uncompress !`,
);

/** Judges gzip and similar programs, which replace files unless they write to standard output or only test. */
const compresses = (rules: typeof COMPRESSION): Judge => {
  return ({ name, args, hasStdin }) => {
    const line = readCommandLine(rules, args);
    const doubtful = optionFindings(name, line, rules);
    const isShowing = isGiven(
      line,
      "-c",
      "--stdout",
      "--to-stdout",
      "-l",
      "--list",
      "-t",
      "--test",
      "-h",
      "-H",
      "-V",
      "-b",
      "--long-help",
      "--license",
    );
    const isPiping =
      line.operands.length === 0 && (hasStdin || !isGiven(line, "--files", "--files0", "-r", "--recursive"));
    if (isShowing || isPiping || asksForHelp(line)) return doubtful;
    return [...writes(`${name} replaces files`, line.operands), ...doubtful];
  };
};

const UNZIP = grammar(
  "-Z -A -l -t -z -v -p -c -f -u -x -d= -j -n -o -q -a -b -C -D -K -L -M -N -P= -U -V -W -X -O= -I= -T -h -s -1 -2 -m -i ...",
);

const judgeUnzip: Judge = ({ args }) => {
  const line = readCommandLine(UNZIP, args);
  const isShowing =
    isGiven(line, "-l", "-p", "-c", "-t", "-v", "-Z", "-z", "-h") ||
    args.every(({ text }) => /^--?h(?:elp)?$/.test(text));
  const isPlain = !isGiven(line, "-T") && line.doubts.length === 0;
  return isShowing && isPlain ? READS : writes("unzip unpacks files", [folderOf(line, "-d")]);
};

/** Judges `7z`: what a letter does, and `-so` writes to standard output. */
const judge7z: Judge = ({ name, args }) => {
  const command = args[0]?.text ?? "";
  const isReading = /^[lti]$/.test(command) || (/^[ex]$/.test(command) && args.some(({ text }) => text === "-so"));
  return isReading && args.every(({ isKnown }) => isKnown) ? READS : unknown(`${name} ${command}`);
};

const judgeAr: Judge = ({ name, args }) =>
  /^-?[tp][vO]*$/.test(args[0]?.text ?? "") ? READS : writes(`${name} changes or unpacks an archive`);

const judgeCpio: Judge = ({ args }) => {
  const isListing = args.every(
    ({ text, isKnown }) =>
      isKnown && /^-[itvnB]+$|^--(?:list|extract|quiet|verbose|version|help|numeric-uid-gid)$/.test(text),
  );
  const isSafe = isListing && args.some(({ text }) => /^-[ivnB]*t|^--(?:list|version|help)$/.test(text));
  return isSafe ? READS : writes("cpio copies files");
};

/** Archives and compressed files. */
export const ARCHIVE_COMMANDS: Record<string, Judge> = {
  ...shareJudge("tar gtar bsdtar", judgeTar),
  ...shareJudge(
    "gzip gunzip bzip2 bunzip2 xz unxz lzma unlzma pigz unpigz lz4 compress uncompress",
    compresses(COMPRESSION),
  ),
  ...shareJudge("zstd unzstd", compresses(ZSTD)),
  ...shareJudge(
    "zcat gzcat bzcat xzcat zstdcat lzcat zgrep zegrep zfgrep bzgrep xzgrep zdiff zcmp zipinfo funzip",
    () => READS,
  ),
  zip: ({ args }) => writes("zip creates an archive", args.filter(({ text }) => !text.startsWith("-")).slice(0, 1)),
  unzip: judgeUnzip,
  ...shareJudge("7z 7za 7zr", judge7z),
  ar: judgeAr,
  cpio: judgeCpio,
};
