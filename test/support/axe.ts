import axe from "axe-core";
import type { Page } from "playwright-core";

/** The serious faults of accessibility that axe-core finds in a page, or a part of it: each with the element that has it. */
export async function seriousFaults(page: Page, part = "html"): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(part)})`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary ?? ""}`),
    );
}
