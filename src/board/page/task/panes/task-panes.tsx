import { formatPlural } from "#base/text.ts";
import type { TaskPageData } from "#board/api/task.ts";
import type { ReviewFinding } from "#domain/finding.ts";
import { formatBytes, formatDuration, formatLocalTime } from "#base/format-values.ts";
import { makeVisible } from "#base/visible-text.ts";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import { CopyButton } from "#board/page/parts/copy-button.tsx";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import { Markdown } from "#board/page/parts/markdown/markdown.tsx";

/** Shows how a task ended: its failure, and Codex's last message. */
export function ResultPane({ task }: { task: TaskPageData }) {
  const { error, result } = task;
  return (
    <div class="pane">
      {error !== undefined && (
        <>
          <FailureText failure={error} />
          <p class="weak">
            Code:{" "}
            <code>
              <VisibleText text={error.code} />
            </code>
          </p>
        </>
      )}
      {result !== undefined && result.trim() !== "" ? (
        <Markdown text={result} />
      ) : (
        <p class="weak">Codex has given no result.</p>
      )}
    </div>
  );
}

/** Shows the findings of a review. */
export function ReviewPane({ review, onOpenFile }: ReviewPaneProps) {
  const { findings, outside_diff = [], summary, verdict } = review;
  return (
    <div class="pane">
      <h2>
        {findings.length === 0 ? "No findings" : formatPlural(findings.length, "finding")}
        {verdict !== undefined && <span class="weak">, the change is {verdict}</span>}
      </h2>
      {summary !== "" && <Markdown text={summary} />}
      {findings.map((finding, index) => (
        <Finding key={index} finding={finding} onOpenFile={onOpenFile} />
      ))}
      {outside_diff.length > 0 && <h2>About lines outside the diff</h2>}
      {outside_diff.map((finding, index) => (
        <Finding key={index} finding={finding} onOpenFile={onOpenFile} />
      ))}
    </div>
  );
}

/** Properties of the findings of a review. */
interface ReviewPaneProps {
  review: NonNullable<TaskPageData["review"]>;
  onOpenFile: ((path: string) => void) | undefined;
}

function Finding({ finding, onOpenFile }: { finding: ReviewFinding; onOpenFile: ReviewPaneProps["onOpenFile"] }) {
  const { title, body, priority, path, first_line, last_line, confidence } = finding;
  const lines =
    first_line === undefined
      ? ""
      : `:${first_line}${last_line === undefined || last_line === first_line ? "" : `-${last_line}`}`;
  const place = <VisibleText text={`${path}${lines}`} />;
  return (
    <section class="finding">
      <h3>
        <span class={`label ${priority <= 1 ? "bad" : "warn"}`}>P{priority}</span> <VisibleText text={title} />
      </h3>
      <p class="weak">
        {onOpenFile === undefined ? (
          place
        ) : (
          <button type="button" class="link" onClick={() => onOpenFile(path)}>
            {place}
          </button>
        )}
        {confidence !== undefined && ` · confidence ${Math.round(confidence * 100)} %`}
      </p>
      <Markdown text={body} />
    </section>
  );
}

/** Shows the check of a task's work, with the end of its output. */
export function CheckPane({ check }: { check: NonNullable<TaskPageData["check"]> }) {
  const { command, passed, attempts, seconds, exit_code, why, output_tail, output_file } = check;
  const isRunning = "is_running" in check && check.is_running;
  const outcome = isRunning ? "Running" : passed === true ? "Passed" : passed === false ? "Failed" : "Not run yet";
  const tone = isRunning || passed === undefined ? "info" : passed ? "good" : "bad";
  return (
    <div class="pane">
      <p>
        <span class={`label ${tone}`}>{outcome}</span>{" "}
        <span class="weak">
          {formatPlural(attempts, "attempt")}
          {seconds !== undefined && `, ${formatDuration(seconds)}`}
          {exit_code !== undefined && exit_code !== 0 && `, exit status ${exit_code}`}
        </span>
      </p>
      <VisibleBlock text={command} class="command" />
      {why !== undefined && (
        <p>
          <VisibleText text={why} />
        </p>
      )}
      {output_tail !== undefined && output_tail.trim() !== "" && (
        <>
          <h2>End of its output</h2>
          <VisibleBlock text={output_tail} class="check-output" />
        </>
      )}
      {output_file !== undefined && (
        <p class="weak">
          The whole output is in <VisibleText text={output_file} />
        </p>
      )}
    </div>
  );
}

/** Shows the facts about a task, its runs, its files, and commands for it. */
export function FactsPane({ task }: { task: TaskPageData }) {
  const { card, attach_command, logs_command, facts, runs, files } = task;
  const commands = [attach_command, logs_command, `codex-mcp-server export ${card.id}`].filter(
    (command) => command !== undefined,
  );
  return (
    <div class="pane facts">
      <dl>
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <VisibleText text={value} />
            </dd>
          </div>
        ))}
      </dl>
      <h2>Commands</h2>
      <ul class="rows">
        {commands.map((command) => (
          <li key={command}>
            <code>
              <VisibleText text={command} />
            </code>
            <CopyButton text={() => command} name={makeVisible(command)} />
          </li>
        ))}
      </ul>
      <h2>Runs</h2>
      <ul class="rows">
        {runs.map(({ run, status, started_at }) => (
          <li key={run}>
            <span>run {run}</span>
            <span>{status}</span>
            <span class="weak">{started_at === undefined ? "" : formatLocalTime(new Date(started_at))}</span>
          </li>
        ))}
      </ul>
      <h2>Files</h2>
      <ul class="rows">
        {files.map(({ name, path, bytes }) => (
          <li key={path}>
            <code title={makeVisible(path)}>
              <VisibleText text={name} />
            </code>
            <span class="weak">{formatBytes(bytes)}</span>
            <CopyButton text={() => path} name={`path of ${makeVisible(name)}`} label="Copy path" />
          </li>
        ))}
      </ul>
    </div>
  );
}
