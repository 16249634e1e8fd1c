// Questions of tasks that their page answers: commands, changes of files, choices, and forms of MCP servers.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { escalation, untilAsked, untilEnded } from "../support/asking-tasks.ts";
import { ASKING_MCP_SERVER } from "../support/asking-mcp-server.ts";
import { HAS_BROWSER } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TaskPages } from "../support/task-pages.ts";
import type { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("the questions of a task", () => {
  let pages: TaskPages;
  let world: World;
  let client: McpClient;

  beforeAll(async () => {
    pages = await TaskPages.open();
    ({ world, client } = pages);
    const [bun, server] = [process.execPath, ASKING_MCP_SERVER].map((path) => JSON.stringify(path));
    const shop = `\n[mcp_servers.shop]\ncommand = ${bun}\nargs = [${server}]\n`;
    appendFileSync(join(world.codexHome, "config.toml"), shop);
  });
  afterAll(() => pages.close());

  const ask = async (marker: string) => {
    const id = await pages.start(marker, "workspace-write", { approvals: "ask" });
    await untilAsked(world, client, id);
    return id;
  };

  test("a question is shown with its command, and a button answers it", async () => {
    const outside = join(world.root, "outside-approved");
    world.stub.script("APPROVED", [escalation(outside), { say: "Approved." }]);
    const id = await ask("APPROVED");
    const page = await pages.visit(id);
    const question = page.getByRole("region", { name: "Questions" });
    await question.getByText(`touch ${outside}`).waitFor();
    await question.getByText("It is needed.").waitFor();
    await question.getByText("declined in").waitFor();
    expect(existsSync(outside)).toBe(false);
    await question.getByRole("button", { name: "Approve", exact: true }).click();
    await question.waitFor({ state: "detached" });
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(existsSync(outside)).toBe(true);
    await pages.leave(page);
  });

  test("a question is declined by keyboard alone", async () => {
    const outside = join(world.root, "outside-declined");
    world.stub.script("DECLINED", [escalation(outside), { say: "Declined." }]);
    const id = await ask("DECLINED");
    const page = await pages.visit(id);
    await page.getByRole("button", { name: "Decline", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Questions" }).waitFor({ state: "detached" });
    await untilEnded(client, id);
    expect(existsSync(outside)).toBe(false);
    await pages.leave(page);
  });

  test("a change of a file is shown with its lines, and a choice with its options", async () => {
    const outside = join(world.root, "patched.txt");
    const options = [
      { label: "Red", description: "Warm" },
      { label: "Blue", description: "Cold" },
    ];
    const questions = [{ id: "colour", header: "Colour", question: "Which colour?", options }];
    world.stub.script("CHOICE", [
      { patch: `*** Begin Patch\n*** Add File: ${outside}\n+hello\n*** End Patch` },
      { call: "request_user_input", args: { questions } },
      { say: "Chosen." },
    ]);
    const id = await ask("CHOICE");
    const page = await pages.visit(id);
    const question = page.getByRole("region", { name: "Questions" });
    await question.getByText(outside).waitFor();
    await question.getByText("hello").waitFor();
    expect(existsSync(outside)).toBe(false);
    await question.getByRole("button", { name: "Approve", exact: true }).click();
    await question.getByText("Which colour?").first().waitFor();
    expect(readFileSync(outside, "utf8")).toBe("hello\n");
    const answer = question.getByRole("button", { name: "Answer", exact: true });
    expect(await answer.isDisabled()).toBe(true);
    await question.getByRole("radio", { name: "Blue" }).check();
    await answer.click();
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(world.stub.toolOutputs.at(-1)).toContain("Blue");
    await pages.leave(page);
  });

  test("a form of an MCP server takes only values that its fields allow", async () => {
    world.stub.script("ORDER", [{ server: "shop", tool: "order", args: {} }, { say: "Ordered." }]);
    const id = await ask("ORDER");
    const page = await pages.visit(id);
    const question = page.getByRole("region", { name: "Questions" });
    await question.getByText("Your order").waitFor();
    await question.getByText("Asked by the MCP server").waitFor();
    const answer = question.getByRole("button", { name: "Answer", exact: true });
    expect(await answer.isDisabled()).toBe(true);
    const field = question.getByRole("spinbutton");
    await field.fill("1.5");
    await answer.click();
    await question.getByRole("alert").waitFor();
    expect(await field.inputValue()).toBe("1.5");
    pages.browser.faults.length = 0;
    await field.fill("3");
    await answer.click();
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(world.stub.toolOutputs.at(-1)).toContain('\\"count\\":3');
    await pages.leave(page);
  });
});
