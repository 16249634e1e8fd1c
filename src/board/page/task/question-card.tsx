import { useState } from "preact/hooks";
import type { AnswerBody } from "#board/api/actions.ts";
import type { Decision, Question } from "#domain/question.ts";
import { formatDuration } from "#base/format-values.ts";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import { type RequestError, toRequestError } from "#board/page/source/requests.ts";
import { nameDecision } from "./describe-task.ts";
import { DiffText } from "./diff-text.tsx";
import { FailureText, useServerTime } from "./labels.tsx";
import { type FieldValues, isComplete, QuestionFields } from "./question-fields.tsx";

/** Properties of a question. */
interface QuestionCardProps {
  question: Question;
  isLive: boolean;
  /** Gives the answer; undefined if none can be given here. */
  onAnswer: ((answer: AnswerBody) => Promise<void>) | undefined;
}

/** Shows an open question with all its parts, and the buttons that answer it. */
export function QuestionCard({ question, isLive, onAnswer }: QuestionCardProps) {
  const [values, setValues] = useState<FieldValues>(new Map());
  const [pending, setPending] = useState<Decision>();
  const [failure, setFailure] = useState<RequestError>();
  const { id, fields = [], decisions } = question;
  const answer = async (decision: Decision) => {
    if (onAnswer === undefined) return;
    setPending(decision);
    setFailure(undefined);
    try {
      const given = decision === "accept" && fields.length > 0 ? { values: Object.fromEntries(values) } : {};
      await onAnswer({ question: id, decision, ...given });
    } catch (error) {
      setFailure(toRequestError(error));
      setPending(undefined);
    }
  };
  return (
    <section class="question-card" aria-labelledby={`${id}-text`}>
      <h2 id={`${id}-text`}>
        <span aria-hidden="true">? </span>
        <VisibleText text={question.text} />
      </h2>
      <QuestionParts question={question} />
      {fields.length > 0 && <QuestionFields id={id} fields={fields} values={values} onChange={setValues} />}
      {failure !== undefined && <FailureText failure={failure} />}
      {onAnswer !== undefined && (
        <div class="buttons">
          {decisions.map((decision) => (
            <button
              key={decision}
              type="button"
              class={decision === "accept" ? "primary" : decision === "cancel" ? "danger" : ""}
              disabled={!isLive || pending !== undefined || (decision === "accept" && !isComplete(fields, values))}
              onClick={() => void answer(decision)}
            >
              {nameDecision(decision, question)}
            </button>
          ))}
          <TimeLeft until={question.expires_at} isLive={isLive} />
        </div>
      )}
    </section>
  );
}

function QuestionParts({ question }: { question: Question }) {
  const { command, cwd, changes = [], permissions = [], server, url, reason, whole } = question;
  return (
    <div class="parts">
      {command !== undefined && <VisibleBlock text={command} class="command" />}
      {cwd !== undefined && (
        <p class="weak">
          in <VisibleText text={cwd} />
        </p>
      )}
      {changes.map(({ path, kind, diff }) => (
        <div key={path}>
          <p>
            <span class="weak">{kind}</span> <VisibleText text={path} />
          </p>
          <DiffText diff={diff} kind={kind} />
        </div>
      ))}
      {permissions.length > 0 && (
        <ul>
          {permissions.map((permission) => (
            <li key={permission}>
              <VisibleText text={permission} />
            </li>
          ))}
        </ul>
      )}
      {server !== undefined && (
        <p class="weak">
          Asked by the MCP server <VisibleText text={server} />
        </p>
      )}
      {url !== undefined && <QuestionAddress url={url} />}
      {reason !== undefined && (
        <p>
          <span class="weak">Codex's reason: </span>
          <VisibleText text={reason} />
        </p>
      )}
      {whole !== undefined && (
        <p class="weak">
          Parts may be left out here. The whole question is in <VisibleText text={whole} />
        </p>
      )}
    </div>
  );
}

/** Shows an address in full, as a link if a browser opens it as a page. */
function QuestionAddress({ url }: { url: string }) {
  const isPage = /^https?:\/\//i.test(url);
  return (
    <p>
      {isPage ? (
        <a href={url} target="_blank" rel="noreferrer noopener">
          <VisibleText text={url} />
        </a>
      ) : (
        <VisibleText text={url} />
      )}
    </p>
  );
}

/** Time from which the end of a question is not worth mentioning, in seconds. */
const FAR_SECONDS = 30 * 24 * 3600;

function TimeLeft({ until, isLive }: { until: string; isLive: boolean }) {
  const now = useServerTime(isLive);
  const left = (Date.parse(until) - now) / 1000;
  if (!isLive || !(left < FAR_SECONDS)) return null;
  return <span class="weak">{left > 0 ? `declined in ${formatDuration(left)}` : "is being declined"}</span>;
}
