import { useState } from "preact/hooks";
import { notifyFailure } from "./notices.tsx";

/** Time for which a button says that it has copied, in milliseconds. */
const COPIED_MS = 2000;

/**
 * Copies a text to the clipboard.
 * @param name what is copied, for those who cannot see the context
 * @param label text of the button
 */
export function CopyButton({ text, name, label = "Copy" }: { text: () => string; name: string; label?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setIsCopied(true);
      setTimeout(() => setIsCopied(false), COPIED_MS);
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <button
      type="button"
      class="quiet copy"
      aria-label={isCopied ? `Copied ${name}` : `Copy ${name}`}
      onClick={() => void copy()}
    >
      {isCopied ? "Copied" : label}
    </button>
  );
}
