// Checks types, lint, format, dead code, generated documents, links, pictures and docstrings. The last line of a test run, if given, is
// added to the totals. The last line is: N passed, N failed, N skipped.
import { join } from "node:path";
import { formatTally, parseTally } from "./test.ts";

const CHECKS: Record<string, string[]> = {
  types: ["tsc", "--noEmit"],
  "types of the page": ["tsc", "--noEmit", "--project", "src/board/page"],
  lint: ["oxlint", "--type-aware", "--deny-warnings", "src", "scripts", "test"],
  format: ["oxfmt", "--check", "src", "scripts", "test"],
  "dead code": ["knip"],
  "generated documents": ["bun", "scripts/generate-docs.ts", "--check"],
  "links and sizes of documents": ["bun", "scripts/check-docs.ts"],
  pictures: ["bun", "scripts/check-picture.ts"],
  docstrings: ["bun", "scripts/check-style.ts"],
};

const [testLine] = process.argv.slice(2);
const tally = testLine === undefined ? { passed: 0, failed: 0, skipped: 0 } : parseTally(testLine);
for (const [name, command] of Object.entries(CHECKS)) {
  const run = Bun.spawn(command, { cwd: join(import.meta.dir, ".."), stdio: ["ignore", "inherit", "inherit"] });
  const isGood = (await run.exited) === 0;
  console.log(`${isGood ? "ok" : "FAILED"}: ${name}`);
  if (isGood) tally.passed++;
  else tally.failed++;
}
console.log(formatTally(tally));
process.exit(tally.failed === 0 ? 0 : 1);
