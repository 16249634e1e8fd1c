/** Fault that a change introduces into a file. */
export interface SeededFault {
  path: string;
  before: string | undefined;
  after: string;
  title: string;
  priority: number;
  /** First and last line of the fault, after the change. */
  lines: [first: number, last: number];
}

/** Lines around a change, so that it does not begin at the first one. */
const FILLER = Array.from({ length: 25 }, (_, index) => `# part ${index + 1}`).join("\n");

function changed(
  path: string,
  title: string,
  priority: number,
  from: string,
  to: string,
  at: [number, number],
): SeededFault {
  const around = (code: string) => `${FILLER}\n${code}\n${FILLER}\n`;
  return { path, title, priority, before: around(from), after: around(to), lines: [at[0] + 25, at[1] + 25] };
}

/** Twenty changes as they are made, each with one fault. */
export const SEEDED_FAULTS: readonly SeededFault[] = [
  changed(
    "src/page.ts",
    "The last page is never shown",
    1,
    "for (let i = 0; i <= last; i++) {\n  show(i);\n}",
    "for (let i = 0; i < last; i++) {\n  show(i);\n}",
    [1, 1],
  ),
  changed(
    "src/user.ts",
    "A missing user crashes the handler",
    0,
    'const name = user?.name ?? "";',
    "const name = user.name;",
    [1, 1],
  ),
  changed(
    "src/cache.ts",
    "The promise is cached although it rejects",
    1,
    "cache.set(key, await load(key));",
    "cache.set(key, load(key));",
    [1, 1],
  ),
  changed(
    "db/query.py",
    "The name is put into SQL unquoted",
    0,
    'cursor.execute("SELECT * FROM t WHERE n = %s", (name,))',
    "cursor.execute(f\"SELECT * FROM t WHERE n = '{name}'\")",
    [1, 1],
  ),
  changed(
    "db/defaults.py",
    "The default list is shared by all calls",
    2,
    "def add(x, to=None):\n    to = to or []\n    to.append(x)",
    "def add(x, to=[]):\n    to.append(x)",
    [1, 2],
  ),
  changed(
    "lib/buffer.c",
    "One byte is written behind the buffer",
    0,
    "char name[MAX + 1];\nname[MAX] = 0;",
    "char name[MAX];\nname[MAX] = 0;",
    [1, 2],
  ),
  changed(
    "lib/free.c",
    "The node is read after it was freed",
    0,
    "next = node->next;\nfree(node);",
    "free(node);\nnext = node->next;",
    [2, 2],
  ),
  changed(
    "lib/copy.c",
    "The length is taken from the source",
    1,
    "memcpy(to, from, sizeof(to));",
    "memcpy(to, from, strlen(from));",
    [1, 1],
  ),
  changed(
    "cmd/serve.go",
    "The error of Close is lost",
    3,
    "if err := f.Close(); err != nil {\n\treturn err\n}",
    "defer f.Close()",
    [1, 1],
  ),
  changed(
    "cmd/race.go",
    "The map is written without the lock",
    1,
    "mu.Lock()\nm[k] = v\nmu.Unlock()",
    "m[k] = v",
    [1, 1],
  ),
  changed(
    "cmd/loop.go",
    "The response body is never closed",
    2,
    "defer resp.Body.Close()\nread(resp.Body)",
    "read(resp.Body)",
    [1, 1],
  ),
  changed("src/lib.rs", "An empty slice panics", 1, "let first = items.first()?;", "let first = &items[0];", [1, 1]),
  changed(
    "src/time.rs",
    "The subtraction underflows",
    2,
    "let left = end.saturating_sub(now);",
    "let left = end - now;",
    [1, 1],
  ),
  changed(
    "web/view.js",
    "The comment is inserted as HTML",
    0,
    "node.textContent = comment;",
    "node.innerHTML = comment;",
    [1, 1],
  ),
  changed("web/sort.js", "Numbers are sorted as texts", 2, "list.sort((a, b) => a - b);", "list.sort();", [1, 1]),
  changed(
    "scripts/clean.sh",
    "An empty variable removes everything",
    0,
    'rm -rf "${DIR:?}/"*',
    'rm -rf "$DIR/"*',
    [1, 1],
  ),
  changed(
    "Main.java",
    "Strings are compared by identity",
    1,
    'if (mode.equals("fast")) {',
    'if (mode == "fast") {',
    [1, 1],
  ),
  changed("größe und maß/a b.rb", "The rescue hides every error", 2, "rescue IOError", "rescue StandardError", [1, 1]),
  {
    path: "src/new file.ts",
    before: undefined,
    after:
      "export function retry(work: () => Promise<void>) {\n  while (true) {\n    work().catch(() => {});\n  }\n}\n",
    title: "The loop never ends and never waits",
    priority: 0,
    lines: [2, 4],
  },
  changed(
    "Dockerfile",
    "The token stays in a layer",
    1,
    "RUN --mount=type=secret,id=token ./install",
    "ARG TOKEN\nRUN TOKEN=$TOKEN ./install",
    [1, 2],
  ),
];
