import { expect, test } from "bun:test";
import { dirname, join } from "node:path";

const PAGE = join(import.meta.dir, "../../src/board/page");

test("no two parts of the page style the same class: their style sheets are loaded together", async () => {
  const parts = new Map<string, Set<string>>();
  for await (const name of new Bun.Glob("**/*.css").scan(PAGE)) {
    const css = await Bun.file(join(PAGE, name)).text();
    const classes = new Set(
      [...css.matchAll(/^(?:[^{}@]*,\n)?\.([\w-]+)(?:,\n[^{}]*)? \{/gm)].map(([, each = ""]) => each),
    );
    for (const each of classes) parts.set(each, (parts.get(each) ?? new Set()).add(dirname(name)));
  }
  expect(parts.size).toBeGreaterThan(100);
  expect([...parts].filter(([, names]) => names.size > 1)).toEqual([]);
});
