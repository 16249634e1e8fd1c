import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What another machine does not share with this one. */
export type Separation = "container" | "host";

/**
 * A container (a PID namespace of its own) or another host (besides, a host name and a boot id of its own) that sees the same
 * files as this machine. Programs are started in it by a prefix to their command.
 */
export class OtherMachine {
  readonly #init: Bun.Subprocess;
  readonly #folder: string;
  /** The words before a command that runs there. */
  readonly prefix: readonly string[];

  private constructor(init: Bun.Subprocess, folder: string, pid: number) {
    this.#init = init;
    this.#folder = folder;
    this.prefix = ["nsenter", "--target", String(pid), "--pid", "--mount", "--uts", "--"];
  }

  /** Whether one can be made here: by root, on Linux. */
  static isPossible(): boolean {
    const trial = ["unshare", "--fork", "--pid", "--mount", "--uts", "--mount-proc", "true"];
    return Bun.which("nsenter") !== null && Bun.spawnSync(trial, { stdin: "ignore", stderr: "ignore" }).exitCode === 0;
  }

  static async start(separation: Separation, name = "other-machine"): Promise<OtherMachine> {
    const folder = mkdtempSync("/var/tmp/codexmcp-machine-");
    const boot = join(folder, "boot_id");
    writeFileSync(boot, "00000000-1111-2222-3333-444444444444\n");
    const asHost = `hostname ${name} && mount --bind ${boot} /proc/sys/kernel/random/boot_id && `;
    const ready = join(folder, "ready");
    // The first process of the namespace: the kernel ends all others with it.
    const script = `${separation === "host" ? asHost : ""}echo > ${ready}; while :; do sleep 1000; done`;
    const init = Bun.spawn(
      ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--mount-proc", "sh", "-c", script],
      { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
    );
    while (!(await Bun.file(ready).exists())) await Bun.sleep(5);
    const [child] = readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, "utf8").trim().split(" ");
    return new OtherMachine(init, folder, Number(child));
  }

  /** Switches it off: all that runs there is gone at once. */
  async stop(): Promise<void> {
    this.#init.kill("SIGKILL");
    await this.#init.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
