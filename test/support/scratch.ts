import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";

/** A folder for real repositories and stores, with a git configuration of its own. */
export class Scratch {
  readonly root = realpathSync(mkdtempSync("/var/tmp/codexmcp-unit-"));
  readonly #before = { HOME: process.env["HOME"], GIT_CONFIG_NOSYSTEM: process.env["GIT_CONFIG_NOSYSTEM"] };

  constructor() {
    // The git room takes its environment from this process.
    process.env["HOME"] = this.root;
    process.env["GIT_CONFIG_NOSYSTEM"] = "1";
    writeFileSync(
      join(this.root, ".gitconfig"),
      '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
    );
  }

  /** An empty folder below the root. */
  folder(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A repository with one commit of one file, and a sub-folder with another. */
  async repository(name: string): Promise<string> {
    const path = this.folder(name);
    await this.git(path, "init", "--quiet");
    writeFileSync(join(path, "README.md"), `# ${name}\n`);
    mkdirSync(join(path, "src"));
    writeFileSync(join(path, "src", "main.c"), "int main;\n");
    await this.git(path, "add", ".");
    await this.git(path, "commit", "--quiet", "-m", "Start");
    return path;
  }

  /** Runs git as a user would. @returns standard output without its last line end */
  async git(folder: string, ...args: string[]): Promise<string> {
    return (await $`git ${args}`.cwd(folder).quiet().text()).replace(/\n$/, "");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  close(): void {
    for (const [name, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(this.root, { recursive: true, force: true });
  }
}
