import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import { readsWith } from "#readonly/audit/options.ts";

/** Programs whose options, by their manuals, neither write files nor run other programs. */
const PLAIN = `ls dir vdir cat tac head tail nl wc cut paste join comm tr rev fold fmt expand unexpand pr column od hexdump hd
  stat readlink realpath basename dirname pwd pathchk grep egrep fgrep rgrep jq diff cmp md5sum sha1sum sha224sum sha256sum sha384sum sha512sum
  b2sum cksum sum base64 base32 basenc seq echo true false : expr bc factor numfmt sleep cal ncal uptime uname arch whoami id groups users who
  w tty locale getconf nproc free df du lsblk lscpu lsmem lsns lsipc ps pgrep pidof pstree pmap vmstat iostat mpstat printenv which whereis type help
  whatis apropos return break continue exit disown times getent tsort yes envsubst
  tokei dig nslookup host ping ping6 traceroute tracepath netstat look tput hexyl difft uuidgen lsb_release findmnt mountpoint namei
  more zmore pinky pinky lsmod lspci lsusb getfacl getfattr lsattr getcap last lastlog colrm col ul
  logname hostid dircolors dpkg-query exa eza`;

const judgeDate = readsWith(
  `-d= --date= -f= --file= -I[=] --iso-8601[=] -r= --reference= -R --rfc-email --rfc-822 --rfc-2822 --rfc-3339= -s=@ --set=@ -u --utc --uct --universal
   --resolution --debug --help --version -j -v=`,
  ({ operands, given }) => {
    if (given.some(({ name }) => name === "-j")) return READS;
    const isFormat = operands.every(({ text }) => text.startsWith("+"));
    if (isFormat) return READS;
    return operands.every(({ isKnown }) => isKnown)
      ? writes("date sets the clock", [], "beyond")
      : unknown("date with operands that are known only at run time");
  },
);

/** Judges pagers: a word that begins with `+` is a command that they start with. */
const judgeLess = readsWith(
  `-o=> -O=> --log-file=> --LOG-FILE=> -k=! --lesskey-file=! --lesskey-src=! --lesskey-content=! --cmd=! -t=? --tag=? -T= --tag-file= -p= --pattern= -P= --prompt=
   -b= -h= -j= -x= -y= -z= -D= --shift= --rscroll= --wheel-lines= --line-num-width= --status-col-width= --header= ...`,
  ({ operands }) =>
    operands.some(({ text }) => text.startsWith("+") && !/^\+{1,2}(?:\d*[gGpF%]?|[/?&][^!]*)$/.test(text))
      ? unknown("less + runs a command of its own")
      : READS,
);

const judgeHostname: Judge = ({ args }) => {
  const isAsking = args.every(
    ({ text, isKnown }) => isKnown && /^-[aAdfiIsvVyh]+$|^--(?!file|boot)[a-z-]+$/.test(text),
  );
  return isAsking ? READS : writes("hostname sets the name of the machine", [], "beyond");
};

/** Judges `dc`, in which `!` runs a command. */
const judgeDc: Judge = ({ args, stdin, hasStdin }) => {
  const texts = [...args.map(({ text }) => text), ...(stdin === undefined ? [] : [stdin])];
  const isReadable =
    args.every(({ text, isKnown }) => isKnown && !/^-f|^--file/.test(text)) &&
    (args.length > 0 || stdin !== undefined || !hasStdin);
  const isPlain = args.every(
    ({ text }, index) => /^-e|^--expression|^-[VhP]/.test(text) || args[index - 1]?.text === "-e",
  );
  return isReadable && isPlain && !texts.some((text) => text.includes("!"))
    ? READS
    : unknown("dc runs a program that may run commands");
};

/** Judges readers of object files: `@file` holds further options. */
const judgeObjects = readsWith("--plugin=! --pre= ...", ({ operands }, { name }) =>
  operands.some(({ text }) => text.startsWith("@")) ? unknown(`${name} reads options from a file`) : READS,
);

/** Judges `ldd`, by which a program may run; those of the system do not. */
const judgeLdd: Judge = ({ args }) =>
  args.every(
    ({ text, isKnown }) => isKnown && /^-|^\/(?:usr\/)?(?:s?bin|lib\w*)\/[\w.+/-]+$/.test(text) && !text.includes(".."),
  )
    ? READS
    : unknown("ldd may run the program");

const judgePdf: Judge = ({ name, args }) =>
  args.at(-1)?.text === "-" || args.every(({ text }) => /^-[vh]$/.test(text)) ? READS : writes(`${name} writes a file`);

const judgeStty: Judge = ({ args }) =>
  args.every(({ text }) => /^(?:-a|-g|--all|--save|size|speed|--help|--version)$/.test(text))
    ? READS
    : unknown("stty changes the terminal");

const judgeSysctl: Judge = ({ args }) => {
  const isSetting = args.some(
    ({ text, isKnown }) => !isKnown || text.includes("=") || /^-[a-zA-Z]*[wpf]|^--(?:write|load|system)/.test(text),
  );
  return isSetting ? writes("sysctl changes settings of the kernel", [], "beyond") : READS;
};

/** Judges `ip`: an object, then what it is asked; options come first. */
const judgeIp: Judge = ({ args }) => {
  const isPlain = args.every(({ text, isKnown }) => isKnown && !/^--?(?:b|ba|bat|batch|force|n|netns)$/.test(text));
  const words = args.filter(({ text }) => !text.startsWith("-")).map(({ text }) => text);
  const isReading =
    words.length < 2 || /^(?:s(?:h(?:o(?:w)?)?)?|l(?:i(?:s(?:t)?)?)?|ls|g(?:e(?:t)?)?)$/.test(words[1] ?? "");
  return isPlain && isReading && words[0] !== "vrf" ? READS : unknown(`ip ${words.slice(0, 2).join(" ")}`);
};

/** Judges programs that only read as long as they are given no operands. */
const readsAlone: Judge = ({ name, args }) =>
  args.every(({ text }) => /^-[aensv46C]+$/.test(text)) ? READS : unknown(`${name} with operands`);

const judgeXmllint: Judge = ({ name, args }) =>
  args.flatMap(({ text, isKnown }, index): CommandFinding[] => {
    if (!isKnown && !/^-|^[^-]/.test(text)) return unknown(`${name} with an argument that is known only at run time`);
    if (/^--?o(?:utput)?$/.test(text)) return writes(`${name} writes its output`, args.slice(index + 1, index + 2));
    return /^--?shell$/.test(text) ? unknown(`${name} --shell runs commands`) : [];
  });

/** Programs that only read, except with the options listed. */
export const READERS: Record<string, Judge> = {
  ...shareJudge(PLAIN.trim(), () => READS),
  ...shareJudge("less zless bzless xzless", judgeLess),
  sort: readsWith(
    `-b --ignore-leading-blanks -d --dictionary-order -f --ignore-case -g --general-numeric-sort -i --ignore-nonprinting -M --month-sort -h --human-numeric-sort
     -n --numeric-sort -R --random-sort --random-source= -r --reverse --sort= -V --version-sort --batch-size= -c --check[=] -C --compress-program=! --debug
     --files0-from= -k= --key= -m --merge -o=> --output=> -s --stable -S= --buffer-size= -t= --field-separator= -T=> --temporary-directory=> --parallel=
     -u --unique -z --zero-terminated --help --version`,
  ),
  shuf: readsWith(
    "-e --echo -i= --input-range= -n= --head-count= -o=> --output=> --random-source= -r --repeat -z --zero-terminated --help --version",
  ),
  date: judgeDate,
  file: readsWith(
    "-C> --compile> -m= --magic-file= -f= --files-from= -F= --separator= -e= --exclude= --exclude-quiet= -P= --parameter= ...",
  ),
  man: readsWith(
    `-P=! --pager=! -H[=]! --html[=]! -X[=]! --gxditview[=]! -C=! --config-file=! -t? --troff? -T[=]? --troff-device[=]? -u? --update? -M= --manpath= -m= --systems=
     -S= -s= --sections= -e= --extension= -L= --locale= -R= --recode= -r= --prompt= -E= --encoding= -p= --preprocessor= ...`,
  ),
  info: readsWith(
    "-o=> --output=> --dribble=> --restore=? --init-file=? -f= --file= -d= --directory= -n= --node= -k= --apropos= --index-search= ...",
  ),
  tree: readsWith(
    "-o=> -R? -L= -P= -I= -H= -T= --gitfile= --infofile= --charset= --filelimit= --timefmt= --sort= --hintro= --houtro= --output=> ...",
  ),
  iconv: readsWith("-o=> --output=> -f= --from-code= -t= --to-code= ..."),
  yq: readsWith(
    "-i> --inplace> --in-place> -s=> --split-exp=> --split-exp-file=> -o= --output-format= -p= --input-format= -I= --indent= --from-file= --output= ...",
  ),
  rg: readsWith("--pre=! --pre-glob= --hostname-bin=! ..."),
  ag: readsWith("--pager=! ..."),
  ack: readsWith("--pager=! --output=? --ackrc=? --create-ackrc ..."),
  ...shareJudge(
    "bat batcat",
    readsWith("--pager=! --generate-config-file> --build> --clear> --source= --target=> ...", ({ operands }) =>
      operands[0]?.text === "cache" ? unknown("bat cache") : READS,
    ),
  ),
  delta: readsWith("--pager=! ..."),
  cloc: readsWith(
    `--out=> --report-file=> --extract-with=! --counted=> --found=> --ignored=> --write-lang-def=> --write-lang-def-incl-dup=> --sql=> --categorized=> --unique=> --config=?
     --sql-append --sql-project= --sql-style= --list-file= --diff-list-file= --diff-list-files=? --diff-alignment=> ...`,
  ),
  scc: readsWith("-o=> --output=> --format-multi=? --sql-project= ..."),
  sdiff: readsWith("-o=> --output=> --diff-program=! ..."),
  diff3: readsWith("--diff-program=! ..."),
  colordiff: () => READS,
  ...shareJudge("nm objdump readelf size strings addr2line c++filt", judgeObjects),
  ldd: judgeLdd,
  dc: judgeDc,
  hostname: judgeHostname,
  dmesg: readsWith(
    "-c@ --read-clear@ -C@ --clear@ -D@ --console-off@ -E@ --console-on@ -n=@ --console-level=@ -F= --file= -f= --facility= -l= --level= -s= ...",
  ),
  stty: judgeStty,
  ss: readsWith("-K@ --kill@ -D=> --diag=> -F= --filter= -f= --family= -A= --query= --socket= -N= --net= ..."),
  lsof: readsWith("-D=? ..."),
  top: () => unknown("top creates a folder for its configuration"),
  xmllint: judgeXmllint,
  ...shareJudge("pdftotext pdftohtml", judgePdf),
  sysctl: judgeSysctl,
  ip: judgeIp,
  ...shareJudge("ifconfig route arp", readsAlone),
  ctags: () => writes("ctags writes its tags"),
};
