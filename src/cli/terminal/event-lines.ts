import type { EventLine } from "#codex/run/describe.ts";
import { compose, multiline, type Style, type StyledText, withoutControls } from "./style.ts";

const MARKS: Record<EventLine["type"], { mark: string; style: Style }> = {
  text: { mark: "●", style: "plain" },
  thinking: { mark: "·", style: "dim" },
  plan: { mark: "☰", style: "cyan" },
  command: { mark: "$", style: "bold" },
  tool_call: { mark: "✎", style: "yellow" },
  tool_result: { mark: " ", style: "dim" },
  error: { mark: "!", style: "red" },
  warning: { mark: "!", style: "yellow" },
  notice: { mark: "·", style: "dim" },
};

/** Formats an event for people: a mark for its kind, then its text, with further lines below the first. */
export function formatEvent({ type, text }: EventLine, indent = ""): { text: StyledText; style: Style } {
  const { mark, style } = MARKS[type];
  const said = withoutControls(text.replaceAll("\n", `\n${indent}  `));
  return {
    text: multiline(compose`${mark} ${said}`),
    style,
  };
}
