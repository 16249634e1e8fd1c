import type { Value } from "#readonly/audit/value.ts";

/** Variables that decide which file a name runs, or have code loaded into every program, whatever their value. */
const ALWAYS =
  /^(?:PATH|IFS_PATH|LD_\w+|DYLD_\w+|GCONV_PATH|FPATH|ZDOTDIR|EXECIGNORE|BASH_CMDS|BASH_ALIASES|MALLOC_\w+)$/;

/** Variables of single programs: other programs to run, options, configuration, where files are made. */
const BY_PROGRAM = new RegExp(
  `^(?:${[
    "BASH_\\w+|ENV|SHELL|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT\\w*|HISTFILE|INPUTRC|CDPATH|GLOBIGNORE|MAIL\\w*|POSIXLY_CORRECT",
    "\\w*(?:PAGER|EDITOR|VISUAL|BROWSER|ASKPASS|OPTS?|OPTIONS?|FLAGS|COMMAND|WRAPPER|CONFIG|RC|HOME|PROXY_CMD)",
    "HOME|XDG_\\w+|TMPDIR|TMP|TEMP|TEMPDIR|MAKE\\w+|MFLAGS|AWK\\w+|LESS\\w*|MORE|MAN\\w+|GROFF\\w+|TERMINFO\\w*|TERMCAP",
    "GIT_\\w+|SSH_\\w+|RSYNC_\\w+|GPG_\\w+|GNUPGHOME|OPENSSL_\\w+|SSL\\w+_?FILE|SSLKEYLOGFILE|CURL_\\w+|WGETRC|http_\\w+",
    "PYTHON\\w+|PIP_\\w+|UV_\\w+|PERL\\w+|RUBY\\w+|GEM_\\w+|BUNDLE_\\w+|NODE_\\w+|NPM_\\w+|npm_\\w+|YARN_\\w+|BUN_\\w+|DENO_\\w+",
    "PHP\\w+|JAVA\\w*|_JAVA\\w+|JDK_\\w+|CARGO_\\w+|RUST\\w+|GO[A-Z0-9]+|CGO_\\w+|CC|CXX|CPP|GCC_\\w+|COMPILER_\\w+|DOCKER_\\w+",
    "KUBE\\w+|COMPOSE_\\w+|GZIP|BZIP2?|XZ_\\w+|ZSTD_\\w+|TAR_\\w+|TAPE|ZIP\\w*|UNZIP\\w*|MAGIC|LOCPATH|NLSPATH|BAT_\\w+|FZF_\\w+|RIPGREP_\\w+",
  ].join("|")})$`,
);

/** Values of the variables of single programs that run known programs only. */
const HARMLESS_VALUE = /^(?:cat|less(?: -[FRSX]+)?|more|true|false|always|never|[01]|)$/;

/** Returns whether setting a variable (`PATH=./bin:$PATH`) may make a known name run another program, or write. */
export function decidesPrograms(name: string, value: Value): boolean {
  if (ALWAYS.test(name)) return true;
  return BY_PROGRAM.test(name) && !(value.isKnown && HARMLESS_VALUE.test(value.text));
}
