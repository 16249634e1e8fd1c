import { signal } from "@preact/signals";
import { keepStored, readStored } from "#board/page/state/stored.ts";

/** Layout of the view that the user has chosen, as far as there is room for it. */
export interface LayoutChoice {
  isSplit: boolean;
  /** Whether long lines are broken; undefined while the user has not chosen. */
  isWrapped?: boolean;
  hasFiles: boolean;
}

const STORED_AS = "diff-layout";

/** Layout of all views of this browser. */
export const layout = signal<LayoutChoice>(readChoice());

/** Changes the layout, and remembers it. */
export function choose(change: Partial<LayoutChoice>): void {
  layout.value = { ...layout.value, ...change };
  keepStored("browser", STORED_AS, layout.value);
}

function readChoice(): LayoutChoice {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written above
  const chosen = readStored("browser", STORED_AS) as Partial<LayoutChoice> | undefined;
  return { isSplit: false, hasFiles: true, ...chosen };
}
