import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * The serious faults of accessibility that axe-core finds in a page: each with the element that has it.
 * @param part selector of the part to check
 * @param rules the only rules to check, by default all
 */
export async function seriousFaults(page: Page, part = "html", rules: readonly string[] = []): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = rules.length === 0 ? {} : { runOnly: rules };
  const { violations } = await page.evaluate<axe.AxeResults>(
    `axe.run(${JSON.stringify(part)}, ${JSON.stringify(options)})`,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary ?? ""}`),
    );
}
