import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { TARGETS } from "../../scripts/targets.ts";

const FOLDER = join(import.meta.dir, "..", "..", ".github", "workflows");

interface Step {
  run?: string;
  uses?: string;
}
interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<
    string,
    { steps: Step[]; needs?: string | string[]; strategy?: { matrix: { include?: { target?: string }[] } } }
  >;
}

describe.each(readdirSync(FOLDER))("%s", (name) => {
  const text = readFileSync(join(FOLDER, name), "utf8");
  const workflow = Bun.YAML.parse(text) as Workflow;
  const jobs = Object.values(workflow.jobs);

  test("may write nothing but what a job asks for, and runs what there is", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    const steps = jobs.flatMap((job) => job.steps);
    for (const { run = "", uses } of steps) {
      if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
      const scripts = [...run.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script);
      expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
      for (const [, version] of run.matchAll(/bun@([\d.]+)/g)) expect(version).toBe(manifest.devDependencies.bun);
    }
  });

  test("names jobs and targets that there are", () => {
    const needed = jobs.flatMap(({ needs = [] }) => needs);
    expect(Object.keys(workflow.jobs)).toEqual(expect.arrayContaining(needed));
    const tried = jobs.flatMap(({ strategy }) => strategy?.matrix.include ?? []).flatMap(({ target }) => target ?? []);
    expect(TARGETS.map((target) => target.name)).toEqual(expect.arrayContaining(tried));
  });
});
