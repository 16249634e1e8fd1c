import { useState } from "preact/hooks";
import { notify } from "./notices.tsx";

/** Time for which a button says that it has copied, in milliseconds. */
const COPIED_MS = 2000;

/** Longest text that is shown when it cannot be copied, in characters. */
const MAX_SHOWN = 500;

/** Properties of a button that copies. */
export interface CopyProps {
  text: () => string;
  /** Name of what is copied, for those who cannot see the context. */
  name: string;
  /** Text of the button. */
  label?: string;
  class?: string;
}

/** Shows a button that copies a text to the clipboard. */
export function CopyButton({ text, name, label = "Copy", class: kind = "quiet" }: CopyProps) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    const wanted = text();
    try {
      await navigator.clipboard.writeText(wanted);
      setIsCopied(true);
      setTimeout(() => setIsCopied(false), COPIED_MS);
    } catch {
      notify("failed", `The browser does not allow copying${wanted.length > MAX_SHOWN ? "." : `: ${wanted}`}`);
    }
  };
  return (
    <button
      type="button"
      class={`${kind} copy`}
      aria-label={isCopied ? `Copied ${name}` : `Copy ${name}`}
      onClick={() => void copy()}
    >
      {isCopied ? "Copied" : label}
    </button>
  );
}
