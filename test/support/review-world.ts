import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { McpClient, ToolAnswer } from "./mcp-client.ts";
import { World } from "./world.ts";

/** Location and kind of a scripted finding. */
export interface Place {
  title?: string;
  priority?: number;
  confidence?: number;
  path: string;
  lines: [number, number] | undefined;
}

/** An answer in the form of this program's schema. */
export function own(...findings: Place[]): string {
  return JSON.stringify({
    findings: findings.map(({ title = "Fault", priority = 1, confidence = 0.8, path, lines }) => ({
      title,
      body: `Why: ${title}.`,
      priority,
      confidence,
      path,
      first_line: lines?.[0] ?? null,
      last_line: lines?.[1] ?? null,
    })),
    summary: "Looked at all of it.",
    verdict: findings.length === 0 ? "correct" : "incorrect",
  });
}

/** An answer in the form of Codex's own reviewer. */
export function native(...findings: Place[]): string {
  return JSON.stringify({
    findings: findings.map(({ title = "Fault", priority = 1, confidence = 0.8, path, lines }) => ({
      title: `[P${priority}] ${title}`,
      body: `Why: ${title}.`,
      confidence_score: confidence,
      priority,
      code_location: { absolute_file_path: path, line_range: { start: lines?.[0] ?? 1, end: lines?.[1] ?? 1 } },
    })),
    overall_correctness: findings.length === 0 ? "patch is correct" : "patch is incorrect",
    overall_explanation: "Looked at all of it.",
    overall_confidence_score: 0.7,
  });
}

/** A world with a repository whose changes are reviewed by a scripted model. */
export class ReviewWorld extends World {
  repo = "";
  #client: McpClient | undefined;
  #reviews = 0;

  /** Creates the repository, and a client of a server. */
  async begin(environment: Record<string, string | undefined> = {}): Promise<void> {
    this.repo = await this.repository();
    this.#client = await this.client(environment);
  }

  get own(): McpClient {
    if (this.#client === undefined) throw new Error("the world has not begun");
    return this.#client;
  }

  /** Writes a file of the repository, or of another folder. */
  write(path: string, text: string, folder = this.repo): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  /** Commits all that is in the repository. */
  async commit(message: string): Promise<void> {
    await this.git(this.repo, "add", "-A");
    await this.git(this.repo, "commit", "--quiet", "--allow-empty", "-m", message);
  }

  /** Has a scripted reviewer review the uncommitted changes, or another target, and say something. */
  async review(says: string, args: object = {}): Promise<ToolAnswer> {
    const focus = `FOCUS-${++this.#reviews}-`;
    this.stub.script(focus, [{ say: says }]);
    return this.own.call("codex_review", { target: "uncommitted", cwd: this.repo, focus, ...args });
  }

  /** Returns the prompt of the last review. */
  prompt(): string {
    const request = this.stub.requests.findLast(({ input }) => JSON.stringify(input).includes("Review the"));
    const texts = (request?.input ?? []).flatMap(({ content = [] }) => content.map(({ text = "" }) => text));
    return texts.findLast((text) => text.includes("Review the")) ?? "";
  }
}
