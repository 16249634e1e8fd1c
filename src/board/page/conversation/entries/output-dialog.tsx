import { FailureText } from "#board/page/parts/failure-text.tsx";
import { RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { useEffect, useState } from "preact/hooks";
import { formatBytes } from "#base/format-values.ts";
import { CopyButton } from "#board/page/parts/copy-button.tsx";
import { Dialog } from "#board/page/parts/dialog.tsx";
import { VirtualList } from "#board/page/parts/virtual-list.tsx";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import type { ConversationReader } from "#board/page/conversation/reader.ts";
import { splitOutput, withoutColours } from "./terminal-text.ts";

/** Height of a line of output, in pixels, before it is measured. */
const LINE_HEIGHT = 18;

/** Shows the whole text of an entry, of which only the visible part is in the document. */
export function OutputDialog({ reader }: { reader: ConversationReader }) {
  const shown = reader.shownOutput.value;
  const [text, setText] = useState<string | RequestError>();
  const at = shown?.at;
  useEffect(() => {
    let isCurrent = true;
    setText(undefined);
    if (at === undefined) return;
    const take = (value: string | RequestError) => {
      if (isCurrent) setText(value);
    };
    reader.log.readOutput(at).then(
      (whole) => take(withoutColours(whole)),
      (error: unknown) => take(toRequestError(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [at, reader]);
  if (shown === undefined) return null;
  return (
    <Dialog title="Full text" onClose={() => (reader.shownOutput.value = undefined)}>
      <p class="output-title">
        <code>
          <VisibleText text={shown.title} />
        </code>
      </p>
      {text === undefined && <p role="status">Loading…</p>}
      {text instanceof RequestError && <FailureText failure={text} />}
      {typeof text === "string" && <WholeText text={text} />}
      <form method="dialog" class="output-end">
        {typeof text === "string" && (
          <>
            <span class="weak">{formatBytes(text.length)}</span>
            <CopyButton text={() => text} name="the whole text" />
          </>
        )}
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

function WholeText({ text }: { text: string }) {
  const [parts] = useState(() => splitOutput(text));
  if (text === "") return <p class="weak">It is empty.</p>;
  return (
    <div class="whole-output">
      <VirtualList
        count={parts.length}
        keyOf={(index) => index}
        estimateHeight={(index) => LINE_HEIGHT * ((parts[index]?.split("\n").length ?? 1) - 1 || 1)}
        render={(index) => <VisibleBlock text={(parts[index] ?? "").replace(/\n$/, "")} class="output-part" />}
        label="Full text"
      />
    </div>
  );
}
