import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import {
  asksForHelp,
  grammar,
  isGiven,
  optionFindings,
  readCommandLine,
  readsWith,
  valueOf,
} from "#readonly/audit/options.ts";
import { isKnownWord, type Value } from "#readonly/audit/value.ts";

/** Options of curl that write files, send data or read further options; those that take a value, so that it is not read as an option. */
const CURL = grammar(
  `-o=> --output=> -O> --remote-name> --remote-name-all> -J> --remote-header-name> --output-dir=> -c=> --cookie-jar=> -D=> --dump-header=> --trace=> --trace-ascii=>
   --stderr=> --libcurl=> --etag-save=> --hsts=> --alt-svc=> -K=? --config=? --create-dirs> --ftp-create-dirs@ --etag-compare= --xattr> --dns-servers= --engine=! --netrc-file=
   --ssl-sessions=> --unix-socket=? --abstract-unix-socket=? --proxy-ca-native --variable=? --expand-output=> --expand-config=? --metalink> --krb=
   -d=@ --data=@ --data-raw=@ --data-binary=@ --data-ascii=@ --data-urlencode=@ --json=@ -F=@ --form=@ --form-string=@ -T=@ --upload-file=@ -Q=@ --quote=@ -a@ --append@ -P=
   --ftp-port= --mail-from=@ --mail-rcpt=@ --mail-auth= -t=? --telnet-option=? --delegation= -X= --request= -G --get -w= --write-out= -A= --user-agent= -b= --cookie= -C=
   --continue-at= -E= --cert= -e= --referer= -H= --header= -m= --max-time= -r= --range= -s --silent -S --show-error -u= --user= -U= --proxy-user= -x= --proxy= -y=
   --speed-time= -Y= --speed-limit= -z= --time-cond= --connect-timeout= --retry= --retry-delay= --url= --url-query= --cacert= --capath= --key= --resolve= --connect-to=
   --interface= --proto= --proto-default= --proto-redir= --limit-rate= --max-redirs= --max-filesize= --noproxy= --request-target= --ciphers= --tls-max= --trace-time --trace-ids
   --trace-config= --form-escape --data-ascii= -I --head -L --location --fail-with-body --haproxy-protocol ...`,
);

const judgeCurl: Judge = ({ args }) => {
  const line = readCommandLine(CURL, args);
  const target = valueOf(line, "-o", "--output");
  const isDiscarding = target?.text === "-";
  // `-G` puts what would be sent into the address.
  const isAsking = isGiven(line, "-G", "--get");
  const given = line.given.filter(({ name, effect, value }) => {
    const isOutput = /^(?:-o|--output|-D|--dump-header|--stderr|--trace|--trace-ascii|-c|--cookie-jar)$/.test(name);
    if (isOutput && value?.text === "-") return false;
    if (name === "--create-dirs" && isDiscarding) return false;
    return !(isAsking && effect === "@" && /^(?:-d|--data)/.test(name));
  });
  const method = valueOf(line, "-X", "--request");
  const isSafe = method === undefined || (method.isKnown && /^(?:GET|HEAD|OPTIONS)$/i.test(method.text));
  const format = valueOf(line, "-w", "--write-out");
  const isHarmlessFormat = format === undefined || (format.isKnown && !/%output|^@/.test(format.text));
  return [
    ...optionFindings("curl", { ...line, given }, CURL),
    ...(isSafe ? READS : writes("curl sends a request that changes something", [], "beyond")),
    ...(isHarmlessFormat ? READS : unknown("curl --write-out may write a file")),
  ];
};

const WGET = grammar(
  `-O= --output-document= -o=> --output-file=> -a=> --append-output=> --spider --save-cookies=> --rejected-log=> --warc-file=> --warc-cdx> --warc-tempdir=> --hsts-file=>
   -e=? --execute=? --config=? --use-askpass=! --post-data=@ --post-file=@ --body-data=@ --body-file=@ --method=@ -q --quiet -S --server-response -i= --input-file= -t= --tries=
   -T= --timeout= -P= --directory-prefix= -U= --user-agent= --header= --user= --password= -r? --recursive? -p? --page-requisites? -m? --mirror? -b? --background? -k? -N? -K? -x?
   -nv -nc -nd -nH -np -c -F -H -L -4 -6 -V -h --version --help --no-hsts --no-check-certificate --max-redirect= ...`,
);

const judgeWget: Judge = ({ args }) => {
  const line = readCommandLine(WGET, args);
  if (asksForHelp(line)) return READS;
  const output = valueOf(line, "-O", "--output-document");
  const isReading = output?.text === "-" || isGiven(line, "--spider");
  return [
    ...(isReading ? READS : writes("wget writes a file", output === undefined ? [] : [output])),
    ...optionFindings("wget", line, WGET),
  ];
};

const beyond =
  (action: string): Judge =>
  ({ name, args }) =>
    /^--(?:help|version)$/.test(args[0]?.text ?? "") && args.length === 1
      ? READS
      : writes(`${name} ${action}`, [], "beyond");

const SQL_READS =
  /^\s*(?:(?:select|explain|values)\b[^;]*;?|\.(?:schema|tables|indexes|indices|databases|headers?|mode|show|dump|fullschema|dbinfo|stats|timer|width|nullvalue|separator|help|version|limit|lint|sha3sum|eqp|explain|print)\b[^|]*|pragma\s+\w+(?:\.\w+)?(?:\(\s*['"]?\w+['"]?\s*\))?\s*;?)\s*$/i;
const SQL_FUNCTIONS = /\b(?:writefile|load_extension|edit|fts3_tokenizer)\s*\(/i;

const judgeSqlite: Judge = ({ args }) => {
  const isOption = ({ text }: Value) => text.startsWith("-");
  const doubtful =
    args.some(({ text }) => /^--?(?:cmd|init|vfs|zip|append|deserialize|A|ar?)/.test(text)) || !args.every(isKnownWord);
  const words = args.filter(
    (word, index) =>
      !isOption(word) &&
      !/^--?(?:separator|nullvalue|newline|mmap|maxsize|lookaside|pagecache)$/.test(args[index - 1]?.text ?? ""),
  );
  const statements = words.slice(1).map(({ text }) => text);
  if (args.length === 1 && /^--?(?:version|help)$/.test(args[0]?.text ?? "")) return READS;
  const isReadonly = args.some(({ text }) => /^--?readonly$/.test(text));
  const isAsking =
    statements.length > 0 && statements.every((text) => SQL_READS.test(text) && !SQL_FUNCTIONS.test(text));
  if (isAsking && !doubtful) {
    return isReadonly ? READS : unknown("sqlite3 without -readonly creates a database that is not there");
  }
  const isChanging = /\b(?:insert|update|delete|create|drop|alter|replace|vacuum)\b/i.test(statements.join(" "));
  return isChanging ? writes("sqlite3 changes a database", words.slice(0, 1)) : unknown("sqlite3 runs statements");
};

const TMUX_READS =
  /^(?:ls|lsp|lsw|lsc|lsb|list-(?:sessions|panes|windows|clients|buffers)|has-session|has|show-(?:options|environment|buffer|messages|hooks|window-options)|show|info|-V)$/;

/** Judges `tmux`: several commands may follow one another, and formats (`#(…)`) run programs. */
const judgeTmux: Judge = ({ args }) => {
  const isPlain = args.every(({ text, isKnown }) => isKnown && !/;|#\(|^-f/.test(text));
  const command =
    args.find(
      ({ text }, index) => (!text.startsWith("-") || text === "-V") && !/^-[LS]$/.test(args[index - 1]?.text ?? ""),
    )?.text ?? "";
  const isCapture = /^(?:capture-pane|capturep)$/.test(command) && args.some(({ text }) => /^-[a-zA-Z]*p/.test(text));
  const isDisplay = /^(?:display-message|display)$/.test(command) && args.some(({ text }) => /^-[a-zA-Z]*p/.test(text));
  return isPlain && (TMUX_READS.test(command) || isCapture || isDisplay)
    ? READS
    : writes("tmux runs commands outside of this run", [], "beyond");
};

const OPENSSL_READS =
  /^(?:version|x509|dgst|ciphers|list|asn1parse|crl|crl2pkcs7|pkcs7|pkcs8|pkey|pkeyparam|rsa|dsa|ec|ecparam|dsaparam|dhparam|verify|errstr|help|prime|rand|enc|base64|sess_id|s_client|storeutl|spkac|nseq|passwd|md5|sha1|sha256|sha384|sha512)$/;

/** Judges `openssl`: an option whose name holds `out` names a file, except those of formats. */
const judgeOpenssl: Judge = ({ args: [first, ...args] }) => {
  if (first === undefined || !first.isKnown || !OPENSSL_READS.test(first.text)) {
    return unknown(`openssl ${first?.text ?? ""}`);
  }
  return args.flatMap(({ text, isKnown }, index): readonly CommandFinding[] => {
    if (
      /^--?\w*out\w*$/.test(text) &&
      !/^--?(?:noout|outform|pubout|param_out|text_out|.*timeout|name|RSAPublicKey_out|dtls|no_\w+|noservername|modulusout)$/.test(
        text,
      )
    ) {
      return writes(`openssl ${text} writes`, args.slice(index + 1, index + 2));
    }
    const isLoading =
      /^--?(?:engine|provider\S*|config|writerand|keylogfile|msgfile|CAcreateserial|CAserial|sess_out|early_data|ssl_client_engine|keygen_engine|propquery)$/.test(
        text,
      );
    return isLoading || (!isKnown && !text.startsWith("/"))
      ? unknown(`openssl ${text || "with an argument that is known only at run time"}`)
      : [];
  });
};

/** Commands that reach other processes or other machines. */
export const NETWORK_COMMANDS: Record<string, Judge> = {
  curl: judgeCurl,
  wget: judgeWget,
  ssh: ({ args }) =>
    args.length === 1 && args[0]?.text === "-V" ? READS : unknown("ssh runs commands on another machine"),
  ...shareJudge("pkill killall", beyond("ends processes")),
  ...shareJudge("reboot halt poweroff shutdown", beyond("stops the machine")),
  ...shareJudge(
    "useradd usermod userdel groupadd groupmod groupdel passwd chpasswd chsh chfn",
    beyond("changes users"),
  ),
  at: ({ args }) =>
    /^-[lcVq]+$/.test(args[0]?.text ?? "") && args.every(({ text }) => /^-[lcVq]|^\d+$/.test(text))
      ? READS
      : writes("at schedules commands", [], "beyond"),
  atq: () => READS,
  batch: beyond("schedules commands"),
  crontab: ({ args }) => {
    const isListing =
      args.some(({ text }) => text === "-l") &&
      args.every(({ text }, index) => /^-[lu]$/.test(text) || args[index - 1]?.text === "-u");
    return isListing ? READS : writes("crontab changes scheduled commands", [], "beyond");
  },
  tmux: judgeTmux,
  sqlite3: judgeSqlite,
  openssl: judgeOpenssl,
  journalctl: readsWith(
    `--vacuum-size=> --vacuum-time=> --vacuum-files=> --rotate@ --flush@ --sync@ --relinquish-var@ --smart-relinquish-var@ --setup-keys> --update-catalog> --cursor-file=> --cursor= -c=
     --after-cursor= --show-cursor -D= --directory= --file= -f -n[=] -u= --unit= -p= --priority= -S= --since= -U= --until= -o= --output= --output-fields= -g= --grep= -t= -b[=] ...`,
  ),
};
