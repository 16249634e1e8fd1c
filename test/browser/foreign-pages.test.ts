import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { KEY_HEADER, KEY_STORAGE } from "#board/api/failure.ts";
import { API_ROUTES } from "#board/server/routes.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { portrait } from "../support/left-alone.ts";
import { World } from "../support/world.ts";

/** A server of somebody else at another port of this machine. */
class ForeignServer {
  /** Headers of the requests that it got. */
  readonly requests: Headers[] = [];
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => {
      this.requests.push(new Headers(request.headers));
      const cookie = new URL(request.url).searchParams.get("cookie");
      const headers = new Headers({ "content-type": "text/html", "referrer-policy": "unsafe-url" });
      if (cookie !== null) headers.append("set-cookie", cookie);
      return new Response("<!doctype html><title>Foreign</title><body>", { headers });
    },
  });

  at(host: string): string {
    return `http://${host}:${this.#server.port}/`;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}

let world: World;
let board: TestBoard;
let browser: TestBrowser;
let foreign: ForeignServer;
let id: string;

/** All that is in the world, except for the locks of the database's readers. */
const lookAround = () => portrait(world.root, (path) => /-(shm|wal)$/.test(path) || path.includes("org.chromium"));

/** All addresses of data, with the id of a task that is there. */
const addresses = (method: string) =>
  API_ROUTES.filter((route) => route.method === method).map(({ path }) => `${board.origin}${path.replace(":id", id)}`);

describe.skipIf(!HAS_BROWSER)("a page of another origin in the browser of a user", () => {
  beforeAll(async () => {
    world = new World();
    foreign = new ForeignServer();
    const client = await world.client();
    const repository = await world.repository();
    const request = { prompt: "HELLO", cwd: repository, sandbox: "read-only" };
    id = String((await client.call("codex_dispatch", request)).data["task_id"]);
    await world.waitForEnd(client, id);
    await client.close();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await foreign.stop();
    await world.close();
  });

  /** Opens a foreign page in a browser that knows the board. */
  const visit = async (host: string): Promise<{ own: Page; page: Page }> => {
    const own = await browser.open(board);
    await own.locator(".card-link").first().waitFor();
    const page = await own.context().newPage();
    await page.goto(foreign.at(host));
    return { own, page };
  };

  test.each(["127.0.0.1", "localhost"])("from %s gets no data and does nothing", async (host) => {
    const { own, page } = await visit(host);
    const before = lookAround();
    const found = await page.evaluate(
      async ([reads, acts, header]) => {
        const answers: string[] = [];
        const ask = async (address: string, options: RequestInit) => {
          try {
            const text = await (await fetch(address, { credentials: "include", ...options })).text();
            if (text !== "") answers.push(`${address}: ${text}`);
          } catch {
            // The browser gives no answer.
          }
        };
        for (const address of reads) {
          await ask(address, {});
          await ask(address, { mode: "no-cors" });
          await ask(address, { headers: { [header]: "x" } });
        }
        for (const address of acts) {
          await ask(address, {
            method: "POST",
            mode: "no-cors",
            body: "{}",
            headers: { "content-type": "text/plain" },
          });
          await ask(address, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
        }
        return answers;
      },
      [addresses("GET").filter((each) => !each.includes("/events")), addresses("POST"), KEY_HEADER] as const,
    );
    expect(found).toEqual([]);
    const loaded = await page.evaluate(`(async () => {
      const load = (name) => new Promise((resolve) => {
        const element = document.createElement(name);
        element.onload = () => resolve("loaded");
        element.onerror = () => resolve("failed");
        element.src = "${board.origin}/api/info";
        document.body.append(element);
      });
      const open = (target) => new Promise((resolve) => {
        for (const kind of ["open", "message", "snapshot"]) target.addEventListener(kind, () => resolve(kind));
        target.addEventListener("error", () => resolve("failed"));
      });
      return [
        await load("script"),
        await load("img"),
        await open(new EventSource("${board.origin}/api/events", { withCredentials: true })),
        await open(new WebSocket("${board.origin.replace("http", "ws")}/api/events")),
      ];
    })()`);
    expect(loaded).toEqual(["failed", "failed", "failed", "failed"]);
    expect(lookAround()).toEqual(before);
    await own.context().close();
  });

  test.each(["127.0.0.1", "localhost"])("from %s cannot act by a form, nor frame or script the board", async (host) => {
    const { own, page } = await visit(host);
    const before = lookAround();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const [opened] = await Promise.all([
        page.context().waitForEvent("page"),
        page.evaluate(`
          const form = document.createElement("form");
          Object.assign(form, { action: "${board.origin}/api/tasks/${id}/discard", enctype: "${type}", method: "post", target: "_blank" });
          const field = document.createElement("input");
          Object.assign(field, { name: '{"a":"', value: '"}' });
          form.append(field);
          document.body.append(form);
          form.submit();
        `),
      ]);
      await opened
        .getByText(/does not (know this browser|answer to pages of other origins)/)
        .first()
        .waitFor();
      await opened.close();
    }
    expect(lookAround()).toEqual(before);
    await page.evaluate(`new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = resolve;
      frame.src = "${board.origin}/";
      document.body.append(frame);
    })`);
    const framed = page.frames().find((frame) => frame !== page.mainFrame());
    expect(await framed?.evaluate("document.querySelector('#page')")).toBeFalsy();
    await page.evaluate(`globalThis.opened = window.open("${board.origin}/")`);
    await page.waitForFunction("globalThis.opened === null || globalThis.opened.closed");
    await own.context().close();
  });

  test("on another port of the same host gets the cookie, which gives it nothing", async () => {
    const { own, page } = await visit("127.0.0.1");
    const stolen = foreign.requests.findLast((headers) => headers.has("cookie"))?.get("cookie") ?? "";
    expect(stolen).toStartWith("codexmcp_board_");
    expect(stolen).not.toContain(board.key);
    const [, value = ""] = stolen.split("=");
    for (const headers of [{ cookie: stolen }, { cookie: stolen, [KEY_HEADER]: value }]) {
      for (const method of ["GET", "POST"]) {
        for (const address of addresses(method)) {
          const answer = await fetch(address, { method, headers, ...(method === "POST" && { body: "{}" }) });
          expect([address, answer.status]).toEqual([address, 403]);
        }
      }
      expect(await (await fetch(board.origin, { headers })).text()).not.toContain(board.key);
    }
    expect(await page.evaluate((name) => localStorage.getItem(name), KEY_STORAGE)).toBeNull();
    await own.context().close();
  });

  test("that plants cookies of the board's name does not lock its user out", async () => {
    const { own, page } = await visit("127.0.0.1");
    const [name = ""] = (await board.cookie()).split("=");
    for (const path of ["/api", "/tasks", "/api/tasks"]) {
      await page.goto(`${foreign.at("127.0.0.1")}?cookie=${encodeURIComponent(`${name}=planted; Path=${path}`)}`);
    }
    await own.goto(`${board.origin}/tasks/${id}`);
    await own.getByRole("heading", { level: 1 }).waitFor();
    expect(await own.getByText("not connected").count()).toBe(0);
    await own.context().close();
  });

  test("the token is not in the history, and no link tells where it was clicked", async () => {
    const page = await browser.open(board);
    await page.locator(".card-link").first().waitFor();
    expect(page.url()).toBe(`${board.origin}/`);
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(await page.evaluate("document.referrer")).not.toContain(board.key);
    const entries = await page.evaluate("history.length");
    await page.goBack({ waitUntil: "commit" }).catch(() => undefined);
    expect([entries, page.url().includes(board.key)]).toEqual([2, false]);
    await page.goto(`${board.origin}/`);
    foreign.requests.length = 0;
    await page.evaluate(`
      const link = document.createElement("a");
      link.href = "${foreign.at("localhost")}";
      document.body.append(link);
      link.click();
    `);
    await page.waitForURL(foreign.at("localhost"));
    const origins = foreign.requests.map((headers) => headers.get("referer") ?? "");
    expect(origins.filter((referer) => referer.startsWith(board.origin))).toEqual([]);
    await page.context().close();
  });
});
