/**
 * Returns the section of a version in a changelog (Keep a Changelog), without its heading.
 * @param orUnreleased uses the section Unreleased if the version has none
 * @throws if there is no section, or it is empty
 */
export function releaseNotes(changelog: string, version: string, orUnreleased: boolean): string {
  const section = sectionOf(changelog, version) ?? (orUnreleased ? sectionOf(changelog, "Unreleased") : undefined);
  if (section === undefined || section === "") throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return `${section}\n`;
}

function sectionOf(changelog: string, title: string): string | undefined {
  const sections = changelog.split(/^## /m);
  return sections
    .find((section) => section.startsWith(`[${title}]`))
    ?.replace(/^.*\n/, "")
    .trim();
}
