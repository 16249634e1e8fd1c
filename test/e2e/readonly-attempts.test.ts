import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { TESTED_VERSION } from "../support/codex-version.ts";
import { hasLandlock } from "../support/landlock.ts";
import { portrait } from "../support/left-alone.ts";
import { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

const FIXTURES = join(import.meta.dir, "..", "fixtures");
const PLANTED = "PLANTED-BY-A-READ-ONLY-RUN";
/** Nobody's, and of no group. */
const UNPRIVILEGED = 54_321;
/** What changes nothing that lasts, and is let through. */
const HARMLESS: readonly string[] = [];

const isRoot = process.getuid?.() === 0;
const probe = mkdtempSync("/var/tmp/codexmcp-landlock-");
const isEnforced = process.platform === "linux" && hasLandlock(probe);
rmSync(probe, { recursive: true });
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so what a read-only run tries is not tested here");
if (!isRoot) console.warn("SKIPPED: only root can try what root tries, and what another user does");

// An earlier Codex is in the cache of this user, which others cannot read.
const OTHERS = TESTED_VERSION === undefined ? ["an unprivileged user"] : [];
if (OTHERS.length === 0) console.warn(`SKIPPED: an unprivileged user, who cannot read Codex ${TESTED_VERSION}`);
const USERS = isRoot ? ["root", ...OTHERS] : ["this user"];

for (const user of USERS) {
  const prefix =
    user === "an unprivileged user"
      ? ["setpriv", `--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, "--clear-groups", "--"]
      : [];

  describe.skipIf(!isEnforced)(`what a read-only run of ${user} tries`, () => {
    const world = new World();
    const victimTmux = join(world.root, "victim.sock");
    const topic = "review-attempts-v1";
    const folder = join(world.stateHome, "tasks", `codex-${topic}`);
    const sessions = join(world.codexHome, "sessions");
    const clients: McpClient[] = [];
    let client: McpClient;
    let repository: string;
    let otherSession: string;
    let victim: Bun.Subprocess<"pipe", "pipe", "inherit">;
    let reports: AsyncIterator<Uint8Array>;
    let before: Record<string, unknown>;
    let lines: string[];
    let audit: ReadonlyAudit;

    const as = (command: readonly string[]) => [...prefix, ...command];
    const environment = () => ({ ...world.environment({ CODEXMCP_READONLY_FALLBACK: "1" }), PATH: "/usr/bin:/bin" });
    const start = async (more: Record<string, string> = {}) => {
      const started = await McpClient.start(as([BINARY]), { ...environment(), ...more }, world.root);
      clients.push(started);
      return started;
    };
    const review = (prompt: string, name: string) => ({ prompt, topic: name, cwd: repository, sandbox: "read-only" });
    const nextReport = async () => JSON.parse(new TextDecoder().decode((await reports.next()).value)) as object;
    const tmux = (...args: string[]) => $`${as(["tmux", "-S", victimTmux, ...args])}`.env(environment()).quiet().text();

    const sessionFiles = () =>
      readdirSync(sessions, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(sessions.length + 1));

    const askVictim = async () => {
      await victim.stdin.write("?\n");
      await victim.stdin.flush();
      return nextReport();
    };

    /** Everything that the run must leave as it is. */
    const lookAtAll = async () => ({
      workspace: portrait(repository, (path) => path.includes(".codex-tasks")),
      codexHome: portrait(world.codexHome, (path) => path === sessions),
      home: portrait(world.home, (path) => path === world.codexHome || path === world.stateHome),
      otherTask: portrait(join(world.stateHome, "tasks", "codex-review-other-v1")),
      otherSession: portrait(join(sessions, otherSession)),
      tmux: [await tmux("list-sessions"), await tmux("list-windows", "-a"), await tmux("capture-pane", "-p")],
      victim: await askVictim(),
      places: ["/tmp", "/var/tmp", "/dev/shm"].flatMap((place) =>
        readdirSync(place).filter((name) => name.startsWith("planted")),
      ),
      groups: existsSync("/sys/fs/cgroup/planted"),
    });
    beforeAll(async () => {
      repository = await world.repository();
      mkdirSync(join(repository, "empty"));
      cpSync(join(FIXTURES, "readonly-attempts.py"), join(repository, "attempts.py"));
      writeFileSync(join(world.codexHome, "AGENTS.md"), "Be kind.\n");
      writeFileSync(join(world.codexHome, "auth.json"), '{"OPENAI_API_KEY":"sk-none"}');
      mkdirSync(join(world.codexHome, "skills", "mine"), { recursive: true });
      writeFileSync(join(world.codexHome, "skills", "mine", "SKILL.md"), "---\nname: mine\ndescription: Mine.\n---\n");
      mkdirSync(join(world.codexHome, "prompts"));
      await $`python3 -c ${"import os,sys; os.setxattr(sys.argv[1], 'user.kept', b'x')"} ${join(repository, "README.md")}`.quiet();
      if (prefix.length > 0) await $`chown -R ${UNPRIVILEGED}:${UNPRIVILEGED} ${world.root}`.quiet();

      world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
      world.stub.script("TRY-EVERYTHING", [
        { run: `python3 attempts.py ${join(world.root, "victims.json")}`, yieldMs: 110_000 },
        { say: "I tried." },
      ]);
      client = await start();
      expect((await client.call("codex", review("SAY-HELLO", "review-other-v1"))).data["success"]).toBe(true);
      otherSession = sessionFiles()[0] ?? "";

      const socket = join(world.root, "victim-unix.sock");
      const abstract = `codexmcp-victim-${process.pid}`;
      victim = Bun.spawn(as(["/usr/bin/python3", join(FIXTURES, "readonly-victim.py"), socket, abstract]), {
        env: environment(),
        stdio: ["pipe", "pipe", "inherit"],
      });
      reports = victim.stdout[Symbol.asyncIterator]();
      const { pid, shm } = (await nextReport()) as { pid: number; shm: number };
      await tmux("new-session", "-d", "-s", "victim", "-x", "80", "-y", "24", "cat");
      const terminal = (await tmux("display-message", "-p", "#{pane_tty}")).trim();
      const disk = readdirSync("/dev").find((name) => /^(?:vd|sd|nvme\d+n)[a-z1]$/.test(name));
      writeFileSync(
        join(world.root, "victims.json"),
        JSON.stringify({
          workspace: repository,
          home: world.home,
          codex_home: world.codexHome,
          state: world.stateHome,
          log: join(folder, "codex-exec.log"),
          other_task: "codex-review-other-v1",
          other_session: otherSession,
          tmux: victimTmux,
          disk: disk === undefined ? "" : join("/dev", disk),
          supervisor: 0,
          pid,
          shm,
          socket,
          abstract,
          terminal,
        }),
      );
      before = await lookAtAll();
      const { data } = await client.call("codex", review("TRY-EVERYTHING", topic));
      audit = data["readonly_audit"] as ReadonlyAudit;
      const log = readFileSync(join(folder, "codex-exec.log"), "utf8");
      lines = log.split("\n").flatMap((line) => {
        const item = line === "" ? undefined : (JSON.parse(line) as { item?: { aggregated_output?: string } }).item;
        return item?.aggregated_output?.split("\n") ?? [];
      });
    }, 180_000);

    afterAll(async () => {
      await Promise.all(clients.map((each) => each.close()));
      await victim.stdin.end();
      await victim.exited;
      await $`tmux -S ${victimTmux} kill-server`.quiet().nothrow();
      await world.close();
    });

    test("everything was tried, and refused", () => {
      const tried = Number(/^tried (\d+)$/.exec(lines.findLast((line) => line.startsWith("tried ")) ?? "")?.[1]);
      expect(tried).toBeGreaterThanOrEqual(66);
      expect(lines.filter((line) => line.startsWith("refused ")).length + HARMLESS.length).toBe(tried);
      expect(lines.filter((line) => line.startsWith("DONE ")).map((line) => line.slice(5))).toEqual([...HARMLESS]);
      // Refused by the kernel, and not for want of what was to be attacked or for a mistake in the attempt.
      const REASONS =
        /Errno (?:1|2|6|9|13|18|38)\]|Operation not permitted|Permission denied|not found|always refused|not been booted|has none|own \(Operation|System error/;
      expect(lines.filter((line) => line.startsWith("refused ") && !REASONS.test(line))).toEqual([]);
    });

    test("nothing outside of the run's own folders is other than it was, not even a moment later", async () => {
      await Bun.sleep(1500); // the daemon's time would have come
      expect(await lookAtAll()).toEqual(before as never);
      expect(existsSync(join(world.home, "notified"))).toBe(false);
      const { data } = await client.call("codex_status", { task_id: `codex-${topic}` });
      expect(data).toMatchObject({ status: "completed", result: "I tried." });
    });

    test("the verdict is not clean, and says that the kernel was in force", () => {
      expect(audit.verdict).not.toBe("CLEAN");
      expect(audit).toMatchObject({ enforcement: "landlock", evidence: { seccomp: true, capabilities_dropped: true } });
    });

    test("of the run's own CODEX_HOME nothing but its session is left", () => {
      expect(readdirSync(folder)).not.toContain("codex-home");
      const own = sessionFiles().filter((path) => path !== otherSession);
      expect(own).toHaveLength(1);
      expect(readFileSync(join(sessions, own[0] ?? ""), "utf8")).toContain("TRY-EVERYTHING");
    });

    test("later runs go by nothing that was planted", async () => {
      const from = world.stub.requests.length;
      const normal = await start({ CODEXMCP_READONLY_FALLBACK: "0" });
      for (const [index, each] of [client, normal].entries()) {
        const { data } = await each.call("codex", review("SAY-HELLO", `review-later-v${index + 1}`));
        expect(data).toMatchObject({ success: true, result: "Hello." });
      }
      const asked = JSON.stringify(world.stub.requests.slice(from));
      expect(asked).not.toContain(PLANTED);
      expect(asked).toContain("Be kind.");
      expect(existsSync(join(world.home, "notified"))).toBe(false);
    });
  });
}
