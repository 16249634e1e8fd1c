import { expect, test } from "bun:test";
import { COMMANDS } from "#cli/framework/commands.ts";
import { VARIABLES } from "#base/variables.ts";
import { manPage } from "../../scripts/docs/man-page.ts";
import { bold, roffText } from "../../scripts/docs/roff.ts";

test.each([
  ["Stop with `--yes` or --no, or C:\\x.", String.raw`Stop with \fB\-\-yes\fR or \-\-no, or C:\ex.`],
  ["A well-known word…", String.raw`A well-known word\[u2026]`],
  [".TH is no request, 'tis true", String.raw`\&.TH is no request, 'tis true`],
  ["`~/a` and `it's ^`", String.raw`\fB\(ti/a\fR and \fBit\(aqs \(ha\fR`],
])("%j becomes %j", (markdown, roff) => {
  expect(roffText(markdown)).toBe(roff);
});

test("long text is broken into lines, none of which is a request", () => {
  const lines = roffText(`${"word ".repeat(16)}.hidden 'too ${"word ".repeat(40)}`).split("\n");
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(line).toMatch(/^[^.'].{0,77}$/);
});

test("the page names every command for people, every option and every variable", () => {
  const page = manPage("", "2026-01-02");
  for (const { name, group, options } of COMMANDS) {
    const isPublic = group !== undefined;
    expect(page.includes(`\n${bold(name)}`)).toBe(isPublic);
    if (isPublic) for (const option of Object.keys(options)) expect(page).toContain(bold(`--${option}`));
  }
  for (const name of VARIABLES) expect(page).toContain(`.TP\n${bold(name)}\n`);
});

test("the date changes only with the page", () => {
  const page = manPage("", "2026-01-02");
  expect(page).toContain('"2026-01-02"');
  expect(manPage(page, "2026-05-06")).toBe(page);
  expect(manPage(`${page}.PP\nMore.\n`, "2026-05-06")).toBe(page.replace("2026-01-02", "2026-05-06"));
});
