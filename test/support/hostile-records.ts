import type { RunFacts, RunningTask, TaskRequest } from "#domain/record.ts";

/** Texts that try to run something, to load something, to hide, or to make the page slow. */
export const HOSTILE_TEXTS: Record<string, string> = {
  script: "</script></style></textarea><script>window.__pwned=1</script><img src=x onerror=window.__pwned=1>",
  attribute: `"' onmouseover=window.__pwned=1 autofocus onfocus=window.__pwned=1 x="<svg/onload=window.__pwned=1>`,
  markdown: [
    "[a](javascript:window.__pwned=1) <javascript:window.__pwned=1> [b](java&#115;cript:window.__pwned=1)",
    "[c](data:text/html,<script>parent.__pwned=1</script>) [d](vbscript:x) [e](\u0001javascript:window.__pwned=1)",
    "![i](https://evil.example/i.png) ![j](//evil.example/j.png) https://evil.example/auto [f][r]",
    "[r]: javascript:window.__pwned=1 'title\" onclick=window.__pwned=1'",
    '<a href="javascript:window.__pwned=1">g</a><meta http-equiv=refresh content=0;url=https://evil.example>',
    "<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example><form action=//evil.example>",
    "<math><mi xlink:href=javascript:window.__pwned=1>m</mi></math><svg><a href=javascript:window.__pwned=1><text>s</text></a></svg>",
  ].join("\n\n"),
  link: "javascript:window.__pwned=1//https://evil.example",
  address: "https://evil.example/\u202Emoc.elgoog?<script>window.__pwned=1</script>",
  hidden:
    "a\u202Egpj.exe\u202C b\u2066c\u2069 d\u200Be \uFEFF\u00AD \u001B]8;;https://evil.example\u0007link\u001B]8;;\u0007 \u001B[2J \u009B31m \u{E0041} \u2028 \uD800 \u0000 &#x202E;f",
  combining: `Z${"\u0301\u0489\u035C".repeat(300)}`,
  deep: `${">".repeat(4000)} ${"[".repeat(3000)} ${"*_".repeat(3000)} ${"- ".repeat(2000)}`,
  table: `| ${"a | ".repeat(500)}\n|${"-|".repeat(500)}\n${`| ${"b | ".repeat(100)}\n`.repeat(30)}`,
  properties: "__proto__",
  long: "word".repeat(5000),
};

/** Request, facts and outcome of a task in which every text that others may have written is the given one. */
export function hostileRecord(text: string): Partial<TaskRequest & RunFacts> {
  const finding = { title: text, body: text, priority: 1, confidence: 0.5, path: text, reported_lines: text };
  const now = new Date().toISOString();
  const check = {
    command: text,
    passed: false,
    attempts: 1,
    seconds: 1,
    output_tail: text,
    output_file: text,
    why: text,
  };
  return {
    title: text,
    client: text,
    model: text,
    reasoning_effort: text,
    profile: text,
    review: text,
    images: [text],
    settings: [text],
    worktree_note: text,
    goal: { objective: text },
    goal_state: { status: text, tokens_used: 1 },
    check_request: { command: text, attempts: 1 },
    check,
    forks: text,
    forks_session: text,
    resumes: text,
    session_id: text,
    result: text,
    findings: [finding],
    outside_diff: [finding],
    summary: text,
    verdict: "incorrect",
    diff_stat: text,
    files_changed: [text],
    uncommitted_changes: [text],
    commit_error: text,
    daemon_requests: [text],
    messages: [{ id: "m1", text, when: "now", sent_at: now, state: "undelivered", why: text }],
    readonly_audit: {
      mode: "fallback",
      verdict: "VIOLATION",
      violations_detected: 3,
      violations: [
        { kind: "command", command: text, why: [text], took_effect: "unknown" },
        { kind: "file_change", path: text, change: text, took_effect: false },
        { kind: "workspace", path: text, change: text, took_effect: true },
      ],
      enforcement: "none",
      evidence: {
        unknown_commands: [text],
        commands_judged: 1,
        unknown_events: [text],
        workspace: { path: text, entries: 1, milliseconds: 1, not_covered: [text] },
        notes: [text],
      },
    },
  };
}

/** Failure with a text of others; its code and hint may be those of another program. */
export function hostileFailure(text: string): object {
  return { error: text, code: text, hint: text };
}

/** Questions of a running task in which every text is the given one. */
export function hostileQuestions(text: string): NonNullable<RunningTask["questions"]> {
  const common = {
    text,
    decisions: ["accept" as const, "decline" as const],
    asked_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    reason: text,
    cwd: text,
  };
  const options = [{ value: text, text }];
  return [
    { ...common, id: "q1-1", kind: "command", command: text },
    {
      ...common,
      id: "q1-2",
      kind: "changes",
      changes: [{ path: text, kind: text, diff: `@@ -1 +1 @@\n-${text}\n+${text}` }],
    },
    { ...common, id: "q1-3", kind: "permissions", permissions: [text] },
    { ...common, id: "q1-4", kind: "url", server: text, url: text },
    {
      ...common,
      id: "q1-5",
      kind: "form",
      server: text,
      fields: [
        { name: text, text, type: "text", is_required: true },
        { name: `${text}1`, text, type: "choice", options, is_open: true, is_required: true },
        { name: `${text}2`, text, type: "choices", options, is_required: false },
        { name: `${text}3`, text, type: "boolean", is_required: false },
      ],
    },
  ];
}

/** Events of a log in which every text is the given one. */
export function hostileEvents(text: string): object[] {
  const item = (each: object) => ({ type: "item.completed", item: { id: text, status: text, ...each } });
  return [
    { type: "thread.started", thread_id: text },
    item({ type: "agent_message", text }),
    item({ type: "reasoning", text }),
    item({ type: "user_message", text }),
    item({ type: "error", message: text }),
    item({ id: "c", type: "command_execution", command: text, aggregated_output: text, exit_code: 1 }),
    item({ id: "f", type: "file_change", changes: [{ path: text, kind: text, diff: `+${text}` }] }),
    item({ id: "p", type: "mcp_tool_call", server: text, tool: text, arguments: { [text]: text }, result: text }),
    item({ id: "w", type: "web_search", query: text }),
    item({ id: "t", type: "todo_list", items: [{ text, completed: false }] }),
    { type: "question", question: { id: text, kind: text, text, decisions: [text], command: text, url: text } },
    { type: "answer", id: text, decision: text, by: text },
    { type: "check.completed", command: text, output_tail: text, passed: false, attempt: 1, why: text },
    { type: "turn.failed", error: { message: text } },
    { type: "error", message: text },
    { type: text, text },
  ];
}
