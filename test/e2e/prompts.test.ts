import { afterAll, beforeAll, expect, test } from "bun:test";
import { type McpClient, refusal } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  client = await world.client();
});
afterAll(() => world.close());

async function render(name: string, args: Record<string, string>): Promise<string> {
  const { messages } = await client.sdk.getPrompt({ name, arguments: args });
  expect(messages).toHaveLength(1);
  const content = messages[0]?.content;
  return content?.type === "text" ? content.text : "";
}

test.each([
  ["review", { scope: "the auth module" }, 'topic like "review-auth_module-v1"'],
  ["implement", { what: "a rate limiter", check: "npm test" }, "It is done when this passes: npm test"],
  ["parallel_modules", { goal: "a shop", modules: "cart, catalogue" }, "The modules: cart, catalogue"],
  ["long_run", { work: "port to ES modules", hours: "2" }, "timeout_seconds 7200"],
  ["resume", { task_id: "codex-review-auth-v1", next: "fix it" }, 'resume "codex-review-auth-v1"'],
])("%s: with arguments, and named where one is missing", async (name, args, wanted) => {
  const text = await render(name, args);
  expect(text).toContain(wanted);
  expect(text).not.toContain("undefined");
  expect(Buffer.byteLength(text)).toBeLessThan(5000);
  expect(await refusal(client.sdk.getPrompt({ name, arguments: {} }))).toContain(`The prompt ${name} needs `);
});

test("they are listed with their arguments; another is refused by name", async () => {
  const { prompts } = await client.sdk.listPrompts();
  expect(prompts.map(({ name }) => name)).toEqual(["review", "implement", "parallel_modules", "long_run", "resume"]);
  for (const { description, arguments: args = [] } of prompts) {
    expect(description).toBeTruthy();
    expect(args.some(({ required }) => required === true)).toBe(true);
  }
  expect(await refusal(client.sdk.getPrompt({ name: "deploy" }))).toContain("Use one of: review,");
});

test("arguments are completed", async () => {
  const ref = { type: "ref/prompt" as const, name: "review" };
  const { completion } = await client.sdk.complete({ ref, argument: { name: "focus", value: "con" } });
  expect(completion.values).toEqual(["concurrency"]);
  const none = await client.sdk.complete({ ref, argument: { name: "scope", value: "x" } });
  expect(none.completion.values).toEqual([]);
});
