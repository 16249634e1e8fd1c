import { VisibleBlock } from "#board/page/parts/visible-text.tsx";

/** Shows a text that Codex wrote as Markdown. */
export function ResultText({ text }: { text: string }) {
  return <VisibleBlock text={text} class="prose" />;
}
