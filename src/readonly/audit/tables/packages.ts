import { shareJudge, type Judge, type Reach, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { hasOption, operandsOf } from "#readonly/audit/value.ts";

/** Effects of a program by the first words of its arguments; those of all other arguments are not known. */
interface Subcommands {
  reads: RegExp;
  writes: RegExp;
  reach?: Reach;
}

/** Returns the judge of a program by its subcommand, e.g. `install` or `config list`. */
const bySubcommand =
  (table: Subcommands): Judge =>
  ({ name, args }) => {
    if (hasOption(args, "--version", "--help")) return READS;
    const words = operandsOf(args, ["-n", "--namespace", "-f", "--file", "-C", "--prefix", "-p", "--project"]);
    const command = words.map(({ text }) => text).join(" ");
    if (table.reads.test(command)) return READS;
    if (table.writes.test(command)) return writes(`${name} ${words[0]?.text ?? ""} changes files`, [], table.reach);
    return command === "" ? READS : unknown(`${name} ${words[0]?.text ?? ""}`);
  };

const NODE_PACKAGES = bySubcommand({
  reads:
    /^(?:ls|list|ll|view|info|show|why|explain|outdated|audit$|config (?:get|list)|root|prefix|bin|search|docs|fund|ping|whoami|help|pm ls)\b/,
  writes:
    /^(?:install|i|ci|add|remove|rm|uninstall|un|update|up|upgrade|link|unlink|dedupe|prune|init|create|version|pack|publish|rebuild|audit fix|config (?:set|delete)|cache|patch|import)\b/,
});

const PYTHON_PACKAGES = bySubcommand({
  reads:
    /^(?:list|show|freeze|check|tree|search|info|env info|config list|pip (?:list|show|freeze|tree|check)|inspect)\b/,
  writes:
    /^(?:install|uninstall|download|wheel|sync|add|remove|lock|update|upgrade|init|venv|build|publish|create|env create|pip (?:install|uninstall|sync|compile))\b/,
});

const CONTAINERS = bySubcommand({
  reads:
    /^(?:ps|images|logs|inspect|version|info|top|stats|diff|history|search|port|(?:container|image|volume|network|system) (?:ls|list|inspect|df|info))\b/,
  writes:
    /^(?:run|exec|build|rm|rmi|kill|stop|start|restart|create|cp|commit|push|pull|tag|load|save|import|export|prune|compose|volume|network|system)\b/,
  reach: "beyond",
});

const SERVICES = bySubcommand({
  reads:
    /^(?:status|show|list-\w+|is-\w+|cat|get|describe|logs|top|explain|version|api-\w+|cluster-info|config view|auth can-i)\b/,
  writes:
    /^(?:start|stop|restart|reload|enable|disable|mask|unmask|kill|set-\w+|daemon-reload|isolate|apply|delete|create|edit|patch|replace|scale|rollout|exec|cp|run|label|annotate)\b/,
  reach: "beyond",
});

const SYSTEM_PACKAGES = bySubcommand({
  reads: /^(?:list|show|search|info|policy|depends|rdepends|madison|deps|uses|outdated|config|help|doctor)\b/,
  writes:
    /^(?:install|remove|purge|update|upgrade|full-upgrade|dist-upgrade|autoremove|clean|add|del|erase|reinstall|download|tap|uninstall|cleanup)\b/,
});

/** Returns the judge of a compiler that only checks if an option requests that. */
const checksWith =
  (...options: readonly string[]): Judge =>
  ({ name, args }) =>
    hasOption(args, ...options, "--version", "--help") ? READS : writes(`${name} writes its output`);

/** Returns the judge of a linter or formatter that only reads unless an option requests fixes. */
const writesWith =
  (...options: readonly string[]): Judge =>
  ({ name, args }) =>
    hasOption(args, ...options) ? writes(`${name} changes files`) : READS;

const judgeRuff: Judge = ({ args }) => {
  const isFormat = args[0]?.text === "format" && !hasOption(args, "--check", "--diff");
  return isFormat || hasOption(args, "--fix") ? writes("ruff changes files") : READS;
};

const judgeMake: Judge = ({ args }) =>
  hasOption(args, "-n", "--dry-run", "--just-print", "-q", "--version", "-p") ? READS : unknown("make runs recipes");

/** Package managers, build tools, containers and services. */
export const PACKAGE_COMMANDS: Record<string, Judge> = {
  ...shareJudge(["npm", "pnpm", "yarn", "bun"], NODE_PACKAGES),
  ...shareJudge(["pip", "pip3", "uv", "poetry", "pipenv", "conda"], PYTHON_PACKAGES),
  ...shareJudge(["apt", "apt-get", "apk", "dnf", "yum", "brew", "pacman", "dpkg", "snap"], SYSTEM_PACKAGES),
  ...shareJudge(["docker", "podman"], CONTAINERS),
  ...shareJudge(["systemctl", "kubectl", "service"], SERVICES),
  cargo: bySubcommand({
    reads: /^(?:metadata|tree|search|pkgid|locate-project|read-manifest|verify-project|version|help)\b/,
    writes:
      /^(?:build|b|check|c|clippy|test|t|run|r|bench|doc|fmt|fix|add|remove|update|new|init|clean|install|uninstall|publish|package|vendor|generate-lockfile|fetch)\b/,
  }),
  go: bySubcommand({
    reads: /^(?:list|doc|env(?: [A-Z0-9_]+)*$|version|vet|help|mod (?:graph|why|verify))\b/,
    writes: /^(?:build|install|get|generate|fmt|fix|clean|mod (?:tidy|init|download|edit|vendor)|work|env -w)\b/,
  }),
  gem: bySubcommand({
    reads: /^(?:list|search|info|env|which|contents)\b/,
    writes: /^(?:install|uninstall|update|build|push|cleanup)\b/,
  }),
  bundle: bySubcommand({
    reads: /^(?:list|show|info|check|outdated)\b/,
    writes: /^(?:install|update|add|remove|lock|package|clean|init)\b/,
  }),
  gh: bySubcommand({
    reads: /^(?:\w+ (?:list|view|status|diff|checks)|search|status|auth status)\b/,
    writes:
      /^(?:\w+ (?:create|edit|delete|close|reopen|merge|comment|review|rerun|cancel|clone|fork|checkout|upload|sync)|api)\b/,
    reach: "beyond",
  }),
  make: judgeMake,
  gmake: judgeMake,
  tsc: checksWith("--noEmit", "--showConfig", "--listFilesOnly"),
  gcc: checksWith("-fsyntax-only", "-E"),
  cc: checksWith("-fsyntax-only", "-E"),
  clang: checksWith("-fsyntax-only", "-E"),
  rustc: checksWith("--print", "--explain"),
  javac: checksWith(),
  eslint: writesWith("--fix", "--output-file", "-o"),
  oxlint: writesWith("--fix"),
  prettier: writesWith("--write", "-w"),
  biome: writesWith("--write", "--fix", "--apply"),
  ruff: judgeRuff,
  black: ({ args }) => (hasOption(args, "--check", "--diff", "--version") ? READS : writes("black changes files")),
  isort: ({ args }) => (hasOption(args, "--check", "--check-only", "--diff") ? READS : writes("isort changes files")),
  gofmt: writesWith("-w"),
  rustfmt: ({ args }) => (hasOption(args, "--check") ? READS : writes("rustfmt changes files")),
  shfmt: writesWith("-w"),
  shellcheck: () => READS,
};
