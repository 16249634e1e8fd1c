import { codexOf, EARLIER_VERSIONS } from "../test/support/codex-version.ts";

/** Further run of test files: with another engine, or with another version of Codex. */
export interface TestPass {
  name: string;
  environment: Record<string, string>;
  files: readonly string[];
}

const [OLDEST, LAST_WITHOUT_ENGINE, FIRST_WITH_ENGINE] = EARLIER_VERSIONS;

/** Files that decide whether a pass holds; together they take some minutes. */
const DECISIVE: readonly TestPass[] = [
  {
    name: "exec",
    environment: { CODEXMCP_TEST_ENGINE: "exec" },
    files: [
      "test/e2e/budget.test.ts",
      "test/e2e/check-limits.test.ts",
      "test/e2e/check-traces.test.ts",
      "test/e2e/checks.test.ts",
      "test/e2e/code-mode.test.ts",
      "test/e2e/day-budget.test.ts",
      "test/e2e/fork.test.ts",
      "test/e2e/honest-outcomes.test.ts",
      "test/e2e/one-task.test.ts",
      "test/e2e/quota.test.ts",
      "test/e2e/readonly-codex.test.ts",
      "test/e2e/run.test.ts",
      "test/e2e/survival.test.ts",
      "test/e2e/token-counts.test.ts",
      "test/fault/budget-deaths.test.ts",
      "test/fault/deaths.test.ts",
      "test/fault/quota.test.ts",
    ],
  },
  {
    name: OLDEST,
    environment: { CODEXMCP_TEST_CODEX: OLDEST },
    files: [
      "test/e2e/follow-ups.test.ts",
      "test/e2e/honest-outcomes.test.ts",
      "test/e2e/nested.test.ts",
      "test/e2e/one-task.test.ts",
      "test/e2e/tasks.test.ts",
    ],
  },
  {
    name: LAST_WITHOUT_ENGINE,
    environment: { CODEXMCP_TEST_CODEX: LAST_WITHOUT_ENGINE },
    files: ["test/e2e/code-mode.test.ts", "test/e2e/honest-outcomes.test.ts", "test/e2e/tasks.test.ts"],
  },
  {
    name: FIRST_WITH_ENGINE,
    environment: { CODEXMCP_TEST_CODEX: FIRST_WITH_ENGINE },
    files: ["test/e2e/approvals.test.ts", "test/e2e/goals.test.ts", "test/e2e/messages.test.ts"],
  },
];

/** Files of whose tests some start Codex. */
const WITH_CODEX = /^test\/(?:e2e|fault)\//;

/**
 * Returns the further passes of a run of the tests, by CODEXMCP_TEST_PASSES: `decisive` repeats a few files, unless only some files are
 * wanted; `all` repeats every file that starts Codex. A run that is such a pass itself has none.
 * @param files test files of the run
 * @param isWhole whether these are all
 */
export function choosePasses(
  files: readonly string[],
  isWhole: boolean,
  environment: NodeJS.ProcessEnv = process.env,
): TestPass[] {
  const wanted = environment["CODEXMCP_TEST_PASSES"];
  if (wanted !== undefined && wanted !== "all" && wanted !== "decisive") {
    throw new Error("CODEXMCP_TEST_PASSES must be decisive or all.");
  }
  const isPass = DECISIVE.some((pass) => Object.keys(pass.environment).some((name) => environment[name] !== undefined));
  if (wanted === undefined || isPass) return [];
  if (wanted === "all") {
    return DECISIVE.map((pass) => ({ ...pass, files: files.filter((file) => WITH_CODEX.test(file)) }));
  }
  return isWhole ? [...DECISIVE] : [];
}

/**
 * Installs the version of Codex that a pass needs.
 * @returns the reason why that is not possible
 */
export function preparePass({ environment }: TestPass): string | undefined {
  try {
    codexOf(environment["CODEXMCP_TEST_CODEX"]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
