import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

/** Something that users of git set. */
export interface GitSetting {
  /** The settings in words, which are unique. */
  name: string;
  /** Lines for the user's `.gitconfig`: key and value. */
  config: readonly (readonly [key: string, value: string])[];
  /** Variables of the user's shell. */
  environment: Record<string, string>;
  /** Whether it must have no other setting beside it. */
  isAlone: boolean;
  /** Parts of a story that it changes with good reason, and the reason; all others are as without it. */
  differs: { parts: readonly string[]; because: string } | undefined;
  /** What is true of those parts then. */
  expected: Record<string, unknown>;
}

/** Everything about a setting but its name. */
type Details = Partial<Omit<GitSetting, "name">>;

function setting(name: string, details: Details): GitSetting {
  return { name, config: [], environment: {}, isAlone: false, differs: undefined, expected: {}, ...details };
}

/** Reads `key value` as a setting of its own. */
function plain(line: string): GitSetting {
  const at = line.indexOf(" ");
  return setting(line, { config: [[line.slice(0, at), line.slice(at + 1)]] });
}

/** Reads a list of settings, each of which must change nothing. */
function readLines(name: string): string[] {
  return readFileSync(join(import.meta.dir, "..", "fixtures", name), "utf8")
    .trimEnd()
    .split("\n");
}

const ENDINGS = ["restored as it was", "task COMMIT", "commits", "content"];

/** Returns every setting; what they name is made in the world. */
export function allGitSettings(world: World): GitSetting[] {
  const at = (name: string) => join(world.root, name);
  const file = (name: string, text: string) => {
    writeFileSync(at(name), text);
    return at(name);
  };
  mkdirSync(at("hooks"));
  for (const hook of ["post-checkout", "post-merge", "post-rewrite", "post-index-change", "pre-auto-gc"]) {
    writeFileSync(join(at("hooks"), hook), "#!/bin/sh\necho said by a hook; echo and again >&2; exit 1\n");
    chmodSync(join(at("hooks"), hook), 0o755);
  }
  const variables = readLines("git-variables.txt").map((line) => {
    const [name = "", value = ""] = line.split(/=(.*)/s);
    return setting(line, { environment: { [name]: value } });
  });
  return [
    ...readLines("git-settings.txt").map(plain),
    ...variables,
    setting("diff.orderFile", { config: [["diff.orderFile", file("order", "*.txt\n*\n")]] }),
    setting("commit.template", { config: [["commit.template", file("message", "Template\n")]] }),
    setting("core.attributesFile diff=mine", {
      config: [
        ["core.attributesFile", file("attributes", "*.c diff=mine\n*.txt diff=mine\n")],
        ["diff.mine.textconv", "false"],
      ],
    }),
    setting("core.excludesFile of tracked files", {
      config: [["core.excludesFile", file("ignored-c", "*.c\ntext.*\n")]],
    }),
    setting("hooks that fail after the deed", { config: [["core.hooksPath", at("hooks")]] }),
    setting("mailmap", { config: [["mailmap.file", file("mailmap", "Other <o@x> <test@example.invalid>\n")]] }),
    setting("GIT_CEILING_DIRECTORIES", { environment: { GIT_CEILING_DIRECTORIES: world.root } }),
    setting("GIT_CONFIG_COUNT", {
      environment: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "diff.noprefix", GIT_CONFIG_VALUE_0: "true" },
    }),
    setting("GIT_CONFIG_PARAMETERS", { environment: { GIT_CONFIG_PARAMETERS: "'diff.noprefix'='true'" } }),
    ...identities(world, file),
    ...ofAnother(world),
    ...thatChange(file),
  ];
}

/** Ways in which users say who they are. */
function identities(world: World, file: (name: string, text: string) => string): GitSetting[] {
  const [name, email] = ["Test", "test@example.invalid"];
  const signed = [
    ["gpg.format", "ssh"],
    ["user.signingKey", join(world.root, "key")],
    ["commit.gpgSign", "true"],
    ["gpg.ssh.allowedSignersFile", file("signers", "")],
  ] as const;
  const nobody = file("nobody", "[core]\n\tabbrev = 9\n");
  return [
    setting("identity by variables only", {
      environment: {
        GIT_CONFIG_GLOBAL: nobody,
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
      },
      isAlone: true,
    }),
    setting("identity by EMAIL and author.name", {
      config: [
        ["author.name", name],
        ["author.email", email],
        ["committer.name", name],
        ["committer.email", email],
      ],
    }),
    setting("GIT_CONFIG_GLOBAL", {
      environment: { GIT_CONFIG_GLOBAL: file("global", `[user]\n\tname = ${name}\n\temail = ${email}\n`) },
      isAlone: true,
    }),
    setting("signed with ssh", { config: signed, isAlone: true }),
    setting("signed with ssh, and log.showSignature", {
      config: [...signed, ["log.showSignature", "true"]],
      isAlone: true,
    }),
  ];
}

/** Variables that name another repository. */
function ofAnother(world: World): GitSetting[] {
  const other = join(world.root, "other");
  return [
    setting("GIT_DIR of another", { environment: { GIT_DIR: join(other, ".git") }, isAlone: true }),
    setting("GIT_DIR and GIT_WORK_TREE of another", {
      environment: { GIT_DIR: join(other, ".git"), GIT_WORK_TREE: other },
      isAlone: true,
    }),
    setting("GIT_INDEX_FILE of another", {
      environment: { GIT_INDEX_FILE: join(other, ".git", "index") },
      isAlone: true,
    }),
    setting("GIT_OBJECT_DIRECTORY of another", {
      environment: { GIT_OBJECT_DIRECTORY: join(other, ".git", "objects") },
      isAlone: true,
    }),
    setting("GIT_COMMON_DIR of another", { environment: { GIT_COMMON_DIR: join(other, ".git") }, isAlone: true }),
    setting("GIT_PREFIX", { environment: { GIT_PREFIX: "src/" } }),
  ];
}

/** Settings with effects that the user wants. */
function thatChange(file: (name: string, text: string) => string): GitSetting[] {
  return [
    setting("core.autocrlf true", { config: [["core.autocrlf", "true"]], isAlone: true }),
    setting("core.symlinks false", { config: [["core.symlinks", "false"]], isAlone: true }),
    setting("i18n.commitEncoding ISO-8859-1", { config: [["i18n.commitEncoding", "ISO-8859-1"]], isAlone: true }),
    setting("signing that fails", {
      config: [
        ["commit.gpgSign", "true"],
        ["gpg.program", "false"],
      ],
      isAlone: true,
      differs: { parts: ENDINGS, because: "the agent's own commits fail" },
    }),
    setting("everything ignored", {
      config: [["core.excludesFile", file("ignored-all", "*\n")]],
      isAlone: true,
      differs: { parts: ENDINGS, because: "new files are the user's to leave out" },
    }),
    setting("attributes without diff", {
      config: [["core.attributesFile", file("attributes-binary", "*.txt -diff\n")]],
      isAlone: true,
      differs: { parts: ["diff", "diff of uncommitted work"], because: "lines are neither shown nor counted" },
      expected: { patch: "reproduces" },
    }),
  ];
}
