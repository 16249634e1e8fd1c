import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { takeStart } from "#base/text.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { type MarkdownPiece, splitMarkdown } from "./split-markdown.ts";
import { VisibleBlock } from "#board/page/parts/visible-text.tsx";
import "./markdown.css";

/** Longest text that is shown, in characters. */
const MAX_TEXT = 256 * 1024;

/** Shows Markdown that others wrote. Nothing in it runs or loads; long texts appear piece by piece. */
export function Markdown({ text }: { text: string }) {
  const pieces = useMemo(() => splitMarkdown(takeStart(text, MAX_TEXT)), [text]);
  const [shown, setShown] = useState(1);
  useEffect(() => {
    if (shown >= pieces.length) return;
    const timer = setTimeout(() => setShown(shown + 1));
    return () => clearTimeout(timer);
  }, [shown, pieces]);
  return (
    <div class="markdown">
      {pieces.slice(0, shown).map((piece, index) => (
        <Piece key={index} piece={piece} />
      ))}
      {text.length > MAX_TEXT && <p class="weak">The rest of this text is not shown.</p>}
    </div>
  );
}

function Piece({ piece: { text, isPlain } }: { piece: MarkdownPiece }) {
  const fragment = useMemo(() => (isPlain ? undefined : renderMarkdown(text)), [text, isPlain]);
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (fragment !== undefined) element.current?.replaceChildren(fragment);
  }, [fragment]);
  return fragment === undefined ? <VisibleBlock text={text} class="plain" /> : <div ref={element} />;
}
