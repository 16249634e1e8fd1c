import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";

/** Folder with the files that the commands of the manuals read. */
export interface ScratchFolder {
  path: string;
  /** Folder for temporary files, beside it. */
  temporary: string;
  environment: Record<string, string>;
  remove: () => void;
}

const TEXT_FILES: Readonly<Record<string, string>> = {
  "a.txt": "one a b\ntwo b c\nstart\nthree\n",
  "b.txt": "one x\ntwo y\n",
  "pairs.txt": "a b\nb c\n",
  "encoded.txt": "b25l\n",
  "data.json": '{ "name": "x", "version": "1", "items": [{ "n": 1, "s": "a" }, { "n": 2, "s": "b" }] }\n',
  "data.xml": "<a><b/></a>\n",
  "a.js": "const one = 1;\n",
  "a.php": "<?php echo 1;\n",
  "a.c": "int main(void) { return 0; }\n",
  "script.sh": "ls\n",
  Makefile: "all:\n\ttouch built\n",
  ".gitignore": "*.log\n",
  "src/app.ts": "export const one = 1;\n",
};

/** Makes a repository with two commits, archives and a database, as far as their programs are installed. */
export async function makeScratchFolder(): Promise<ScratchFolder> {
  const root = mkdtempSync("/var/tmp/codexmcp-traced-");
  const [path, temporary] = [join(root, "work"), join(root, "tmp")];
  for (const folder of [join(path, "src"), temporary, join(root, "home")]) mkdirSync(folder, { recursive: true });
  const environment = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: join(root, "home"),
    TMPDIR: temporary,
    LANG: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  for (const [name, text] of Object.entries(TEXT_FILES)) writeFileSync(join(path, name), text);
  const run = (script: string) => $`bash -c ${script}`.cwd(path).env(environment).quiet();
  await run(`git init -q -b main . && git config user.name Me && git config user.email me@example.org && git config commit.gpgsign false
    git add . && git commit -qm Work && echo '// TODO: two' >> src/app.ts && git commit -qam 'Work on two' && git tag v1
    git diff HEAD~1 HEAD > fix.patch && git apply -R fix.patch && tar cf a.tar a.txt src && gzip -c a.tar > a.tgz && gzip -c a.txt > a.txt.gz`);
  await $`bash -c ${`{ zip -q a.zip a.txt; sqlite3 a.db 'create table t(x)'; ar rc a.a a.txt; } 2> /dev/null; touch a.log`}`
    .cwd(path)
    .env(environment)
    .nothrow()
    .quiet();
  return { path, temporary, environment, remove: () => rmSync(root, { recursive: true, force: true }) };
}
