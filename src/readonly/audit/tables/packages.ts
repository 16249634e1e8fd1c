import {
  type CommandFinding,
  type Judge,
  type Reach,
  READS,
  shareJudge,
  unknown,
  writes,
} from "#readonly/audit/finding.ts";
import { type CommandLine, type Grammar, grammar, optionFindings, readCommandLine } from "#readonly/audit/options.ts";
import { withoutStart } from "#readonly/audit/value.ts";

/** Effects of a program by the first words of its arguments; those of all other arguments are not known. */
interface Subcommands {
  reads: RegExp;
  writes: RegExp;
  reach?: Reach;
  /** Options that do more than reading, and those that take a value. */
  options?: string;
}

/** Words after which `--help` and `--version` are those of another program. */
const RUNNING = /^(?:run|exec|x|r|test|t|start|bench|dlx|create|script|debug|attach)$/;

/** Returns the judge of a program by its subcommand, e.g. `install` or `config list`. */
const bySubcommand = ({ reads, writes: changes, reach, options = "" }: Subcommands): Judge => {
  const rules: Grammar = grammar(`${options} --help --version ! ...`);
  return ({ name, args }): readonly CommandFinding[] => {
    const line = readCommandLine(rules, args);
    const words = line.operands.map(({ text, isKnown }) => (isKnown ? text : "?"));
    const command = words.join(" ");
    if (isHelp(line, words, args.length)) return READS;
    const findings = optionFindings(name, line, rules);
    if (reads.test(command)) return findings;
    if (changes.test(command)) return [...writes(`${name} ${words[0] ?? ""} changes files`, [], reach), ...findings];
    return command === "" && args.length === 0 ? READS : unknown(`${name} ${words[0] ?? ""}`);
  };
};

function isHelp(line: CommandLine, words: readonly string[], length: number): boolean {
  const isAsking = line.given.some(({ name }) => name === "--help" || name === "--version");
  return isAsking && length <= 2 && !words.some((word) => RUNNING.test(word));
}

const NODE_PACKAGES = bySubcommand({
  reads:
    /^(?:ls|list|ll|la|view|info|show|why|explain|outdated|audit$|config (?:get|list|ls)|root|prefix|bin|search|fund|ping|whoami|pm ls|pkg get|query|licenses list)\b/,
  writes:
    /^(?:install|i|ci|add|remove|rm|uninstall|un|update|up|upgrade|link|unlink|dedupe|prune|init|create|version|pack|publish|rebuild|audit (?:fix|signatures)|config (?:set|delete)|cache|patch|import|pkg (?:set|delete)|dist-tag|deprecate|owner|token|login|logout|adduser)\b/,
  options: `--git=! --node-options=! --script-shell=! --shell=! --viewer=! --browser=! --editor=! --cache=> --logs-dir=> --userconfig=? --globalconfig=? --prefix= -C= --dir= -w= --workspace=
    --registry= --depth= --json -g --fix> --init-module=! --use-node-version=? --pnpmfile=! --global-pnpmfile=!`,
});

const PYTHON_PACKAGES = bySubcommand({
  reads:
    /^(?:list|show|freeze|check|search|info|env (?:info|list)|config (?:list|get|debug)|debug|index versions|cache (?:dir|info|list)|hash|pip (?:list|show|freeze|tree|check)|inspect|python (?:list|find|dir)|tool (?:list|dir)|version)\b/,
  writes:
    /^(?:install|uninstall|download|wheel|sync|add|remove|lock|update|upgrade|init|venv|build|publish|create|env (?:create|remove|update)|pip (?:install|uninstall|sync|compile)|config (?:set|unset|edit)|cache (?:clean|prune|purge|remove))\b/,
  options:
    "--log=> --python=? -p= --report=> --cache-dir=> --path= -r= --requirement= -n= --name= --format= --exclude= -i= --index-url= --extra-index-url= --output-file=> -o=>",
});

const SYSTEM_PACKAGES = bySubcommand({
  reads:
    /^(?:list|show|showpkg|showsrc|search|info|policy|depends|rdepends|madison|deps|uses|outdated|stats|pkgnames|dotty|unmet|find|version|repolist|provides)\b/,
  writes:
    /^(?:install|remove|purge|update|upgrade|full-upgrade|dist-upgrade|autoremove|clean|autoclean|add|del|erase|reinstall|download|source|build-dep|changelog|tap|uninstall|cleanup|refresh|gencaches)\b/,
  options: "-o=! --option=! -c=! --config-file=! -t= --installroot=? --setopt=? --root=? -p=?",
});

const CONTAINERS = bySubcommand({
  reads:
    /^(?:ps|images|logs|inspect|version|info|top|stats|diff|history|search|port|events|(?:container|image|volume|network|system|context|plugin|node|service|stack|secret) (?:ls|list|ps|inspect|df|info|logs|top|history|port)|compose (?:ps|ls|logs|images|top|version|config|port))\b/,
  writes:
    /^(?:run|exec|build|buildx|rm|rmi|kill|stop|start|restart|create|cp|commit|push|pull|tag|load|save|import|export|prune|compose|volume|network|system|container|image|login|logout|swarm|stack|service|context|update|rename|pause|unpause|wait|attach|secret|config|node|plugin)\b/,
  reach: "beyond",
  options:
    "-H= --host= -c= --context= --config=? -l= --log-level= --tlscacert= -f= --filter= --format= -n= --tail= --since= --until= --file= -p= --project-name= -o=> --output=> --lock-image-digests --env-file= --type= --no-trunc",
});

const KUBECTL = bySubcommand({
  reads:
    /^(?:get|describe|logs|top|explain|version|api-\w+|cluster-info|config (?:view|get-\w+|current-context)|auth (?:can-i|whoami)|events|options)\b/,
  writes:
    /^(?:apply|delete|create|edit|patch|replace|scale|autoscale|rollout|exec|cp|run|label|annotate|set|expose|drain|cordon|uncordon|taint|debug|attach|proxy|port-forward|config (?:set|use|delete|unset|rename)\S*|certificate|plugin)\b/,
  reach: "beyond",
  options: `-n= --namespace= --context= --cluster= --user= --kubeconfig=? -o= --output= -l= --selector= --field-selector= --sort-by= -f= --filename= -k= --kustomize=? -c= --container= --tail= --since=
    --output-directory=> --raw= --template= -s= --server= --token= --profile-output=> --profile=> --cache-dir=> -v= --request-timeout= -L= --label-columns=`,
});

const SYSTEMCTL = bySubcommand({
  reads: /^(?:status|show|cat|help|get-default|show-environment|list-[\w-]+|is-[\w-]+)\b/,
  writes:
    /^(?:start|stop|restart|try-restart|reload\S*|enable|disable|reenable|preset\S*|mask|unmask|link|revert|add-\w+|edit|kill|clean|freeze|thaw|set-\S+|unset-environment|import-environment|daemon-re\w+|isolate|reset-failed|reboot|poweroff|halt|suspend|hibernate|rescue|emergency|default|exit|switch-root|bind|mount-image|service-\S+)\b/,
  reach: "beyond",
  options:
    "-t= --type= --state= -p= --property= -P= --value -H=? --host=? -M=? --machine=? -n= --lines= -o= --output= --root=? --image=? -s=@ --signal=@",
});

const CARGO = bySubcommand({
  reads: /^(?:metadata|tree|search|pkgid|locate-project|read-manifest|verify-project|version|info)\b/,
  writes:
    /^(?:build|b|check|c|clippy|test|t|run|r|bench|doc|d|rustc|rustdoc|fmt|fix|add|remove|rm|update|new|init|clean|install|uninstall|publish|package|vendor|generate-lockfile|fetch|login|logout|owner|yank|config)\b/,
  options:
    "--config=! -Z=? -C= --manifest-path= -p= --package= -i= --invert= -e= --edges= --depth= --format= --prefix= --features= -F= --target= --color= --target-dir=> --lockfile-path=> --registry= --limit=",
});

const judgeGoCommand = bySubcommand({
  reads: /^(?:list|doc|version|help|mod (?:graph|why|verify)|env(?: [A-Z0-9_]+)*$)(?= |$)/,
  writes: /^(?:build|install|get|generate|fmt|fix|clean|mod (?:tidy|init|download|edit|vendor)|work|telemetry|bug)\b/,
  options:
    "-w> -u -toolexec=! -exec=! -vettool=! -overlay=? -modfile=? -export> -compiled> -C= -f= -tags= -mod= -modcacherw> -test> -n",
});

/** Judges `go`, whose options begin with one dash or two; `env -w` and `env -u` change its settings. */
const judgeGo: Judge = (invocation) => {
  const args = invocation.args.map((word) => (/^--\w/.test(word.text) ? withoutStart(word, 1) : word));
  const isSetting = args[0]?.text === "env" && args.some(({ text }) => /^-[uw]$/.test(text));
  return isSetting ? writes("go env changes settings") : judgeGoCommand({ ...invocation, args });
};

const GITHUB = bySubcommand({
  reads:
    /^(?:(?:pr|issue|repo|run|workflow|release|gist|label|secret|variable|org|project|ruleset|cache|ssh-key|gpg-key|codespace|extension|config|alias|auth) (?:list|ls|view|status|diff|checks|get)|search|status)\b/,
  writes:
    /^(?:\w+ (?:create|edit|delete|close|reopen|merge|comment|review|rerun|cancel|clone|fork|checkout|co|upload|download|sync|run|set|add|remove|transfer|lock|unlock|ready|develop|archive|rename|login|logout|refresh|watch)|api|alias|browse)\b/,
  reach: "beyond",
  options:
    "-w! --web! -R= --repo= -L= --limit= -s= --state= -a= --assignee= -A= --author= -l= --label= -q= --jq= -t= --template= -b= --branch= -e= -j= --job= -S= --search=",
});

const judgeDpkg: Judge = ({ name, args }) => {
  const [first] = args;
  const isReading =
    /^(?:-[lLsSpcIC]|--(?:list|listfiles|status|search|print-avail|contents|info|field|audit|print-architecture|print-foreign-architectures|get-selections|compare-versions|version|help|verify))$/;
  return first?.isKnown === true &&
    isReading.test(first.text) &&
    args.every(({ text }) => !/^--(?:admindir|root|instdir|pre-invoke|post-invoke)/.test(text))
    ? READS
    : writes(`${name} changes packages`);
};

/** Returns the judge of package managers whose first letter of an option is their subcommand. */
const byFirstOption =
  (reading: RegExp): Judge =>
  ({ name, args }) =>
    reading.test(args[0]?.text ?? "") &&
    args.every(({ text }) => !/^--(?:eval|define|root|dbpath|pipe|load|rcfile|macros|config|hookdir)/.test(text))
      ? READS
      : unknown(`${name} ${args[0]?.text ?? ""}`);

/** Package managers, containers and services. */
export const PACKAGE_COMMANDS: Record<string, Judge> = {
  ...shareJudge("npm pnpm yarn bun", NODE_PACKAGES),
  ...shareJudge("pip pip3 uv poetry pipenv conda", PYTHON_PACKAGES),
  ...shareJudge("apt apt-get apt-cache apk dnf yum brew snap", SYSTEM_PACKAGES),
  ...shareJudge("docker podman nerdctl", CONTAINERS),
  "docker-compose": bySubcommand({
    reads: /^(?:ps|ls|logs|images|top|version|config|port)\b/,
    writes: /^(?:up|down|run|exec|start|stop|restart|build|pull|push|rm|kill|create|pause|unpause|cp)\b/,
    reach: "beyond",
    options: "-f= --file= -p= --project-name= --env-file= -o=> --output=>",
  }),
  kubectl: KUBECTL,
  systemctl: SYSTEMCTL,
  service: ({ args }) =>
    args.length === 1 && args[0]?.text === "--status-all"
      ? unknown("service runs the scripts of all services")
      : writes("service changes services", [], "beyond"),
  cargo: CARGO,
  go: judgeGo,
  gem: bySubcommand({
    reads: /^(?:list|search|info|env|environment|which|contents|specification|dependency|outdated|help)\b/,
    writes: /^(?:install|uninstall|update|build|push|cleanup|fetch|unpack|pristine|sources)\b/,
    options: "--config-file=? -v= --version",
  }),
  gh: GITHUB,
  dpkg: judgeDpkg,
  "dpkg-deb": judgeDpkg,
  rpm: byFirstOption(/^-q[a-zA-Z]*$|^--(?:query|version|help)$/),
  pacman: byFirstOption(/^-[QF][a-xz]*$|^-S(?:s|i|ii)$|^--version$/),
};
