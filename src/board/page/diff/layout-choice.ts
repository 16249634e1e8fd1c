import { signal } from "@preact/signals";

/** Layout of the view that the user has chosen, as far as there is room for it. */
export interface LayoutChoice {
  isSplit: boolean;
  /** Whether long lines are broken; undefined while the user has not chosen. */
  isWrapped?: boolean;
  hasFiles: boolean;
}

const NAME = "codexmcp-diff-layout";

/** Layout of all views of this browser. */
export const layout = signal<LayoutChoice>(readChoice());

/** Changes the layout, and remembers it. */
export function choose(change: Partial<LayoutChoice>): void {
  layout.value = { ...layout.value, ...change };
  try {
    localStorage.setItem(NAME, JSON.stringify(layout.value));
  } catch {
    // Not remembered where the browser forbids it.
  }
}

function readChoice(): LayoutChoice {
  const usual: LayoutChoice = { isSplit: false, hasFiles: true };
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written above
    return { ...usual, ...(JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<LayoutChoice>) };
  } catch {
    return usual;
  }
}
