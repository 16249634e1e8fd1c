import type { ComponentChildren } from "preact";

/** Properties of tabs. */
export interface TabsProps<Value extends string> {
  label: string;
  tabs: readonly { value: Value; name: ComponentChildren }[];
  value: Value;
  onChange: (value: Value) => void;
  /** Returns the id of a tab's panel. */
  panelOf: (value: Value) => string;
  class: string;
}

/** Shows tabs, one of which is chosen; the arrow keys, Home and End move between them. */
export function Tabs<Value extends string>({ label, tabs, value, onChange, panelOf, class: name }: TabsProps<Value>) {
  const press = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const found = next === undefined ? undefined : tabs.at(next % tabs.length);
    if (found === undefined || !(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    onChange(found.value);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(found)]?.focus();
  };
  return (
    <div class={name} role="tablist" aria-label={label} onKeyDown={press}>
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          id={`tab-${tab.value}`}
          aria-selected={tab.value === value}
          // The panels of other tabs may not be in the document.
          aria-controls={tab.value === value ? panelOf(tab.value) : undefined}
          tabIndex={tab.value === value ? 0 : -1}
          onClick={() => onChange(tab.value)}
        >
          {tab.name}
        </button>
      ))}
    </div>
  );
}
