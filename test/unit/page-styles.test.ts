// All style sheets of the page are one: a class that a sheet styles on its own must not be used for something else by another one.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = join(import.meta.dir, "../../src/board/page");
/** Folders whose classes all parts of the page share. */
const SHARED = /^(?:style|parts)\//;

const names = Array.from(new Bun.Glob("**/*.css").scanSync({ cwd: PAGE })).toSorted();

/** The selectors of a style sheet, each without the conditions around it. */
function selectorsOf(name: string): string[] {
  const text = readFileSync(join(PAGE, name), "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
  const heads = Array.from(text.matchAll(/([^{}]+)\{/g), ([, head = ""]) => head.trim());
  return heads.filter((head) => !head.startsWith("@")).flatMap((head) => head.split(",").map((each) => each.trim()));
}

/** The classes of the element that a selector styles. */
function styledBy(selector: string): string[] {
  const last = selector.split(/[\s>+~]+/).at(-1) ?? "";
  return Array.from(last.matchAll(/\.([\w-]+)/g), ([, name = ""]) => name);
}

/** The part of the page that a style sheet belongs to. */
function partOf(name: string): string {
  return name.split("/")[0] ?? name;
}

test("a class that one part of the page styles means nothing else in another part", () => {
  const owners = new Map<string, string>();
  for (const name of names.filter((each) => !SHARED.test(each))) {
    for (const selector of selectorsOf(name)) {
      const [, own] = /^\.([\w-]+)(?::[\w-]+)*$/.exec(selector) ?? [];
      if (own !== undefined) owners.set(own, partOf(name));
    }
  }
  const clashes = names.flatMap((name) =>
    selectorsOf(name).flatMap((selector) =>
      // The chat arranges the page of a task in another way.
      (selector.startsWith(".chat ") ? [] : styledBy(selector))
        .filter((each) => owners.has(each) && owners.get(each) !== partOf(name))
        .map((each) => `${name}: ${selector} (.${each} is of ${owners.get(each)})`),
    ),
  );
  expect(clashes).toEqual([]);
});

/** Classes that are put together from parts, or that libraries use. */
const COMPOSED = /^(?:hljs-|outcome-|u-)/;

test("every class of the style sheets is used", () => {
  const sources = Array.from(new Bun.Glob("**/*.{ts,tsx,html}").scanSync({ cwd: PAGE }));
  const words = new Set(sources.flatMap((name) => readFileSync(join(PAGE, name), "utf8").match(/[\w-]+/g) ?? []));
  const classes = names.flatMap((name) =>
    selectorsOf(name).flatMap((selector) => Array.from(selector.matchAll(/\.([\w-]+)/g), ([, each = ""]) => each)),
  );
  const unused = new Set(classes.filter((each) => !words.has(each) && !COMPOSED.test(each)));
  expect([...unused]).toEqual([]);
});
