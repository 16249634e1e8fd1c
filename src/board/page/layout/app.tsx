import { useMemo } from "preact/hooks";
import { Link, Route, Switch, useLocation } from "wouter-preact";
import { BoardView } from "#board/page/board/board-view.tsx";
import { CompareView } from "#board/page/compare/compare-view.tsx";
import { NewTaskView } from "#board/page/new-task/new-task-view.tsx";
import { EVERYWHERE, KeyHelp, useKeys } from "#board/page/parts/keys.tsx";
import { hasNoticeAction, Notices, runNoticeAction } from "#board/page/parts/notices.tsx";
import { boardSource } from "#board/page/source/board-source.ts";
import { TaskView } from "#board/page/task/task-view.tsx";
import { TimelineView } from "#board/page/timeline/timeline-view.tsx";
import { UsageView } from "#board/page/usage/usage-view.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import "./layout.css";
import "#board/page/parts/parts.css";

const source = boardSource();

/** Parts of the page, with their addresses. */
const PARTS = [
  ["/", "Board"],
  ["/timeline", "Timeline"],
  ["/usage", "Usage"],
  ["/compare", "Compare"],
] as const;

/** Shows the whole page of the board. */
export function App() {
  const [location, navigate] = useLocation();
  const keys = useMemo(
    () => [
      { key: "g b", does: "Board", run: () => navigate("/") },
      { key: "g t", does: "Timeline", run: () => navigate("/timeline") },
      { key: "g u", does: "Usage", run: () => navigate("/usage") },
      { key: "g c", does: "Compare", run: () => navigate("/compare") },
      { key: "n", does: "New task", run: () => navigate("/new") },
      { key: "g n", does: "New task", run: () => navigate("/new") },
      {
        key: "u",
        does: "Do what the newest message offers, such as Undo",
        when: hasNoticeAction,
        run: runNoticeAction,
      },
    ],
    [navigate],
  );
  useKeys(EVERYWHERE, keys);
  return (
    <>
      <header class="top">
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Link href="/" class="brand">
          codex-mcp-server
        </Link>
        <nav aria-label="Pages">
          {PARTS.map(([address, name]) => (
            <Link href={address} aria-current={location === address ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
      </header>
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        <Switch>
          <Route path="/">{() => <BoardView />}</Route>
          <Route path="/tasks/:id">{({ id }) => <TaskView key={id} id={id} source={source} />}</Route>
          <Route path="/timeline">{() => <TimelineView />}</Route>
          <Route path="/usage">{() => <UsageView />}</Route>
          <Route path="/compare">{() => <CompareView />}</Route>
          <Route path="/new">{() => <NewTaskView />}</Route>
          <Route>{() => <h1>There is no such page</h1>}</Route>
        </Switch>
      </main>
      <Notices />
      <KeyHelp />
    </>
  );
}
