import { formatPlural } from "#base/text.ts";
import { useMemo } from "preact/hooks";
import { Router } from "wouter-preact";
import type { ExportedTask } from "#board/api/export.ts";
import { KeyHelp } from "#board/page/parts/keys.tsx";
import { Notices } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { TaskView } from "#board/page/task/task-view.tsx";
import { exportSource } from "./export-source.ts";
import "#board/page/parts/parts.css";
import "./export.css";

/** Returns the only place of a page without other pages: a file cannot change its address. */
const stay = (): [string, () => void] => ["/", () => {}];

/** Shows an exported task. */
export function ExportPage({ data }: { data: ExportedTask }) {
  const source = useMemo(() => exportSource(data), [data]);
  const { task, exported_at, program, left_out, redacted } = data;
  return (
    <Router hook={stay} searchHook={() => ""}>
      <header class="export-head">
        <strong>codex-mcp-server</strong>
        <span class="weak">
          Exported {new Date(exported_at).toLocaleString()} by version <VisibleText text={program} />
          {redacted > 0 && `, ${formatPlural(redacted, "secret")} redacted`}
        </span>
        {left_out.length > 0 && (
          <details>
            <summary>Not everything is in this file</summary>
            <ul>
              {left_out.map((text) => (
                <li key={text}>
                  <VisibleText text={text} />
                </li>
              ))}
            </ul>
          </details>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        <TaskView id={task.card.id} source={source} />
      </main>
      <Notices />
      <KeyHelp />
    </Router>
  );
}
