import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { Dialog } from "./dialog.tsx";

/** Key with what it does. */
export interface KeyBinding {
  /** Key as `KeyboardEvent.key` names it, or two of them, one after the other: `g t`. */
  key: string;
  /** Effect, for the help; absent for a further key with the effect of another. */
  does?: string;
  /** Name for the help, if it is not the key. */
  name?: string;
  /** Returns whether the key has its effect now; by default always. */
  when?: () => boolean;
  run: () => void;
}

/** Part of the page with its keys. */
interface KeyPart {
  part: string;
  keys: readonly KeyBinding[];
  /** Element of the part, if its keys are only for those who see it. */
  where?: RefObject<HTMLElement | null> | undefined;
}

/** Keys by the parts of the page that have them, the most recent part last. */
const bindings = signal<readonly KeyPart[]>([]);
/** Parts that the help lists, while it is open: as they were before it took the focus. */
const help = signal<readonly KeyPart[] | undefined>(undefined);
/** Name of the part whose keys count if no other part has them. */
export const EVERYWHERE = "Everywhere";

/** Time within which the second of two keys follows, in milliseconds. */
const SEQUENCE_MS = 1200;

let first: { key: string; at: number } | undefined;

/**
 * Gives a part of the page its keys while it is shown.
 * @param keys the same array while nothing changes
 * @param where element of the part: its keys come first while it has the focus, and count only while it is visible
 */
export function useKeys(part: string, keys: readonly KeyBinding[], where?: RefObject<HTMLElement | null>): void {
  // They count as soon as the part can be seen.
  useLayoutEffect(() => {
    const entry = { part, keys, where };
    bindings.value = [...bindings.value, entry];
    return () => {
      bindings.value = bindings.value.filter((each) => each !== entry);
    };
  }, [part, keys, where]);
}

/** Listens for the keys of all parts. Keys that are typed into a field, or held with another key, are left alone. */
export function listenForKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (event.key === "?") {
      help.value = help.value === undefined ? listKeys() : undefined;
      return;
    }
    if (document.querySelector("dialog[open]") !== null) return;
    const pair = first !== undefined && performance.now() - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : "";
    const all = bySpecificity().flatMap(({ keys }) => keys);
    const find = (pressed: string) => all.find(({ key, when }) => key === pressed && when?.() !== false);
    const found = find(pair) ?? find(event.key);
    first = { key: event.key, at: performance.now() };
    if (found === undefined) return;
    event.preventDefault();
    // A dialog that was just closed is still there for a moment, and would take what is opened now with it.
    if (document.querySelector("dialog:not([open])") === null) found.run();
    else setTimeout(() => found.run());
  });
}

/** Elements that take the keys that are pressed in them; a checkbox only takes the space bar. */
const FIELDS = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]';

/** Returns the visible parts with keys: the one with the focus first, and that of the whole page last. */
function bySpecificity(): readonly KeyPart[] {
  const visible = bindings.value.filter(({ where }) => where === undefined || isVisible(where.current));
  const rank = ({ part, where }: KeyPart) =>
    where?.current?.contains(document.activeElement) === true ? 0 : part === EVERYWHERE ? 2 : 1;
  return visible.toReversed().toSorted((a, b) => rank(a) - rank(b));
}

function isVisible(element: HTMLElement | null): boolean {
  return element !== null && element.getClientRects().length > 0;
}

/** Returns the keys that have their effect now, without those that another part takes. */
function listKeys(): readonly KeyPart[] {
  const taken = new Set<string>();
  return bySpecificity().map(({ part, keys }) => {
    const free = keys.filter(
      ({ key, does }, index) => !taken.has(key) && !keys.slice(0, index).some((each) => isSame(each, does, taken)),
    );
    for (const { key } of keys) taken.add(key);
    return { part, keys: free };
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(FIELDS) !== null;
}

/** Returns whether a key that is not taken has an effect. */
function isSame({ key, does }: KeyBinding, effect: string | undefined, taken: ReadonlySet<string>): boolean {
  return does !== undefined && does === effect && !taken.has(key);
}

/** Shows the keys of the parts that are shown, after `?`. */
export function KeyHelp() {
  const parts = help.value?.filter(({ keys }) => keys.some(({ does }) => does !== undefined));
  if (parts === undefined) return null;
  return (
    <Dialog title="Keys" onClose={() => (help.value = undefined)}>
      <div class="key-parts">
        {parts.map(({ part, keys }) => (
          <section key={part}>
            <h3>{part}</h3>
            <dl class="keys">
              {keys.map(({ key, name = key, does }) =>
                does === undefined ? null : (
                  <div key={key}>
                    <dt>
                      <kbd>{name}</kbd>
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ),
              )}
            </dl>
          </section>
        ))}
      </div>
      <form method="dialog">
        <button type="submit" class="primary">
          Close
        </button>
      </form>
    </Dialog>
  );
}
