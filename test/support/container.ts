import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { $ } from "bun";
import { locateCodex } from "#codex/locate.ts";
import { readConfig } from "#base/config.ts";
import { McpClient } from "./mcp-client.ts";
import type { World } from "./world.ts";

const PROGRAMS = ["podman", "runc", "debootstrap"];
const PACKAGES = "git,tmux,python3-minimal,ripgrep,jq,file";

/** What a container's seccomp profile refuses. */
export type Refusal = "user namespaces" | "user namespaces and Landlock";

/** Why no container can be had here; undefined where one can. */
export function whyNoContainer(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "containers are tested on Linux by root only";
  const missing = PROGRAMS.filter((program) => Bun.which(program) === null);
  return missing.length === 0 ? undefined : `missing: ${missing.join(", ")} (Debian packages)`;
}

/**
 * A real container, by podman and runc, as Docker would make it: no capabilities, a user that is not
 * root, a root file system that is read only, and no user namespaces. Its image, and all that podman
 * keeps, lies in the world's folder; that is in the container under the same path.
 */
export class Container {
  readonly #world: World;
  readonly #binary: string;
  readonly #storage: string[];

  constructor(world: World, binary: string) {
    this.#world = world;
    this.#binary = binary;
    const folder = join(world.root, "podman");
    this.#storage = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--cgroup-manager", "cgroupfs"];
  }

  /** Makes the image: from Debian's packages, or from the folder that CODEXMCP_TEST_ROOTFS names. */
  async build(): Promise<void> {
    const given = process.env["CODEXMCP_TEST_ROOTFS"];
    const rootfs = given ?? join(this.#world.root, "rootfs");
    if (given === undefined) await $`debootstrap --variant=minbase --include=${PACKAGES} bookworm ${rootfs}`.quiet();
    const archive = join(this.#world.root, "rootfs.tar");
    await $`tar -C ${rootfs} -cf ${archive} .`.quiet();
    await this.#addGitSettings(archive);
    await $`podman ${this.#storage} import ${archive} codexmcp-test`.quiet();
    rmSync(archive);
    if (given === undefined) rmSync(rootfs, { recursive: true });
    for (const refusal of ["user namespaces", "user namespaces and Landlock"] as const) {
      writeFileSync(this.#profile(refusal), JSON.stringify(seccompProfile(refusal)));
    }
  }

  /** Gives the image the settings of git that docs/Dockerfile gives its own. */
  async #addGitSettings(archive: string): Promise<void> {
    const layer = join(this.#world.root, "layer");
    mkdirSync(join(layer, "etc"), { recursive: true });
    const dockerfile = readFileSync(join(import.meta.dir, "..", "..", "docs", "Dockerfile"), "utf8");
    for (const [, name = "", value = ""] of dockerfile.matchAll(/git config --system --add (\S+) (\S+)/g)) {
      await $`git config --file ${join(layer, "etc", "gitconfig")} --add ${name} ${value}`.quiet();
    }
    await $`tar -C ${layer} -rf ${archive} ./etc/gitconfig`.quiet();
    rmSync(layer, { recursive: true });
  }

  /** A client whose server runs in a container. @param options for podman, besides ours */
  async client(
    refusal: Refusal,
    more: Record<string, string> = {},
    options: readonly string[] = [],
  ): Promise<McpClient> {
    // A run that has been answered may still be tidying up.
    const own = () => $`chown -R 1000:1000 ${[this.#world.home, ...this.#workspaces]}`.quiet().nothrow();
    await this.#world.until(async () => (await own()).exitCode === 0);
    return McpClient.start(this.#command(refusal, more, options), this.#world.environment(), "/");
  }

  /** A repository that the container can see. */
  async repository(name: string): Promise<string> {
    const path = await this.#world.repository(name);
    this.#workspaces.push(path);
    return path;
  }
  readonly #workspaces: string[] = [];

  /** Forgets image and containers: what podman keeps cannot be simply deleted. */
  async remove(): Promise<void> {
    await $`podman ${this.#storage} system reset --force`.quiet().nothrow();
  }

  #command(refusal: Refusal, more: Record<string, string>, options: readonly string[]): string[] {
    const { CODEXMCP_CODEX_BIN: _, PATH: __, ...environment } = this.#world.environment(more);
    const codex = dirname(dirname(locateCodex(readConfig(this.#world.environment())).path));
    const variables = {
      ...environment,
      PATH: "/opt/codex/bin:/usr/local/bin:/usr/bin:/bin",
      CODEXMCP_TMUX_SOCKET: join(this.#world.home, "tmux.sock"),
    };
    const settings: [string, string][] = [
      ["--runtime", "runc"],
      ["run", "--rm"],
      ["--user", "1000:1000"],
      ["--passwd-entry", `agent:*:1000:1000::${this.#world.home}:/bin/bash`],
      ["--cap-drop", "all"],
      ["--security-opt", "no-new-privileges"],
      ["--security-opt", `seccomp=${this.#profile(refusal)}`],
      ["--network", "host"],
      // Unlike podman, Docker mounts nothing writable into a container whose root is read only.
      ["--read-only", "--read-only-tmpfs=false"],
      ["--ulimit", "nofile=1024:1024"],
      ["--ulimit", "nproc=4096:4096"],
      ["--volume", `${codex}:/opt/codex:ro`],
      ["--volume", `${this.#binary}:/usr/local/bin/codex-mcp-server:ro`],
      ...[this.#world.home, ...this.#workspaces].map((path): [string, string] => ["--volume", `${path}:${path}`]),
      ...Object.entries(variables).map(([name, value]): [string, string] => ["--env", `${name}=${value}`]),
    ];
    return [
      "podman",
      ...this.#storage,
      ...settings.flat(),
      "--interactive",
      ...options,
      "codexmcp-test",
      "codex-mcp-server",
    ];
  }

  #profile(refusal: Refusal): string {
    return join(this.#world.root, `${refusal.replaceAll(" ", "-")}.json`);
  }
}

const EPERM = 1;
const ENOSYS = 38;
const CLONE_NEWUSER = 0x10000000;

/** What Docker's own profile refuses a process without capabilities, as far as it matters here. */
function seccompProfile(refusal: Refusal): object {
  const refuse = (errnoRet: number, names: string[], more = {}) => ({
    names,
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    ...more,
  });
  const newUser = { index: 0, value: CLONE_NEWUSER, valueTwo: CLONE_NEWUSER, op: "SCMP_CMP_MASKED_EQ" };
  const landlock = ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"];
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      refuse(EPERM, ["unshare", "mount", "umount2", "pivot_root", "setns"]),
      refuse(ENOSYS, ["clone3"]),
      refuse(EPERM, ["clone"], { args: [newUser] }),
      ...(refusal === "user namespaces" ? [] : [refuse(ENOSYS, landlock)]),
    ],
  };
}
