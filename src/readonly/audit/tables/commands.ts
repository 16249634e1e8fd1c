import type { Judge } from "#readonly/audit/finding.ts";
import { FILE_COMMANDS } from "./files.ts";
import { FILTER_COMMANDS } from "./filters.ts";
import { judgeGit } from "./git.ts";
import { INTERPRETERS } from "./interpreters.ts";
import { NETWORK_COMMANDS } from "./network.ts";
import { PACKAGE_COMMANDS } from "./packages.ts";
import { WRAPPERS } from "./wrappers.ts";

const JUDGES: ReadonlyMap<string, Judge> = new Map(
  Object.entries({
    ...FILE_COMMANDS,
    ...FILTER_COMMANDS,
    ...INTERPRETERS,
    ...NETWORK_COMMANDS,
    ...PACKAGE_COMMANDS,
    ...WRAPPERS,
    git: judgeGit,
  }),
);

/** Commands that only read, whatever their options; those that write with certain options have their own entries. */
const READERS: ReadonlySet<string> = new Set(
  `ls dir vdir cat tac head tail less more nl wc cut paste join comm tr rev fold fmt expand unexpand pr column od hexdump
   hd strings file stat readlink realpath basename dirname pwd grep egrep fgrep rgrep zgrep zcat bzcat xzcat zless ag ack jq
   diff diff3 sdiff cmp colordiff md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum base64 base32 seq
   shuf echo printf true false : test [ expr bc dc factor numfmt sleep date cal uptime uname arch hostname whoami id groups
   users who w tty locale getconf nproc free df du lsblk lscpu lsof ps pgrep pstree top vmstat iostat printenv which whereis
   type hash help man info apropos export declare typeset local readonly unset set shopt let read mapfile readarray shift
   return break continue exit wait jobs disown umask ulimit getopts times alias unalias cd pushd popd dirs getent ldd nm
   objdump readelf size tsort yes envsubst bat batcat exa eza cloc tokei scc dig nslookup host ping netstat ss xmllint
   pdftotext look tput stty hexyl delta difft uuidgen lsb_release dmesg findmnt mountpoint namei`.split(/\s+/),
);

/** Returns the judge of a command by its name; undefined if no table has it. */
export function judgeOf(name: string): Judge | undefined {
  return JUDGES.get(name) ?? (READERS.has(name) ? () => [] : undefined);
}
