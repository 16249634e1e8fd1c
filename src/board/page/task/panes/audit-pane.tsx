import type { TaskPageData } from "#board/api/task.ts";
import type { ReadonlyAudit, Violation } from "#domain/readonly-audit.ts";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";

/** Meanings of the verdicts, and their tones. */
const VERDICTS_IN_WORDS: Record<ReadonlyAudit["verdict"], { tone: string; text: string }> = {
  CLEAN: { tone: "good", text: "The run changed nothing." },
  UNVERIFIED: { tone: "warn", text: "No violation was found, but not everything could be judged." },
  VIOLATION: { tone: "bad", text: "The run wrote something, or tried to." },
};

/** Shows the audit of a read-only run. */
export function AuditPane({ audit }: { audit: NonNullable<TaskPageData["audit"]> }) {
  const { verdict, violations, violations_detected, evidence, enforcement } = audit;
  const { tone, text } = VERDICTS_IN_WORDS[verdict];
  const unjudged = [...evidence.unknown_commands, ...(evidence.unknown_events ?? [])];
  return (
    <div class="pane">
      <p>
        <span class={`label ${tone}`}>{verdict}</span> {text}
      </p>
      <p class="weak">
        {enforcement === "landlock"
          ? "The kernel kept it from writing (Landlock)."
          : "Only its instructions forbade it to write."}{" "}
        {evidence.commands_judged} commands were judged.
      </p>
      {violations.length > 0 && (
        <>
          <h2>{violations_detected} violations</h2>
          <ul>
            {violations.map((violation, index) => (
              <li key={index}>
                <ViolationText violation={violation} />
              </li>
            ))}
          </ul>
        </>
      )}
      {unjudged.length > 0 && (
        <>
          <h2>Not judged</h2>
          {unjudged.map((each, index) => (
            <VisibleBlock key={index} text={each} class="command" />
          ))}
        </>
      )}
      {evidence.notes.length > 0 && (
        <ul>
          {evidence.notes.map((each) => (
            <li key={each}>
              <VisibleText text={each} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function ViolationText({ violation }: { violation: Violation }) {
  const effect =
    violation.took_effect === "unknown" ? "effect unknown" : violation.took_effect ? "took effect" : "prevented";
  if (violation.kind === "command") {
    return (
      <>
        <VisibleBlock text={violation.command} class="command" />
        <VisibleText text={violation.why.join("; ")} /> <span class="weak">({effect})</span>
      </>
    );
  }
  return (
    <>
      <VisibleText text={`${violation.change} ${violation.path}`} /> <span class="weak">({effect})</span>
    </>
  );
}
