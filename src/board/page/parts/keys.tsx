import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
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

/** Keys by the parts of the page that have them, the most recent part last. */
const bindings = signal<readonly { part: string; keys: readonly KeyBinding[] }[]>([]);
const isHelpOpen = signal(false);
/** Name of the part whose keys count if no other part has them. */
export const EVERYWHERE = "Everywhere";

/** Time within which the second of two keys follows, in milliseconds. */
const SEQUENCE_MS = 1200;

let first: { key: string; at: number } | undefined;

/** Gives a part of the page its keys while it is shown. @param keys the same array while nothing changes */
export function useKeys(part: string, keys: readonly KeyBinding[]): void {
  useEffect(() => {
    const entry = { part, keys };
    bindings.value = [...bindings.value, entry];
    return () => {
      bindings.value = bindings.value.filter((each) => each !== entry);
    };
  }, [part, keys]);
}

/** Listens for the keys of all parts. Keys that are typed into a field, or held with another key, are left alone. */
export function listenForKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (event.key === "?") {
      isHelpOpen.value = !isHelpOpen.value;
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
    found.run();
  });
}

/** Elements that take the keys that are pressed in them; a checkbox only takes the space bar. */
const FIELDS = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]';

/** Returns the parts with keys, those of the whole page last. */
function bySpecificity(): typeof bindings.value {
  const parts = bindings.value.toReversed();
  return [...parts.filter(({ part }) => part !== EVERYWHERE), ...parts.filter(({ part }) => part === EVERYWHERE)];
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(FIELDS) !== null;
}

/** Shows the keys of the parts that are shown, after `?`. */
export function KeyHelp() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title="Keys" onClose={() => (isHelpOpen.value = false)}>
      <div class="key-parts">
        {bindings.value.map(({ part, keys }) => (
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
