import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { KEY_HEADER } from "#board/api/failure.ts";
import { listNames } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { ENTRY_ROUTE } from "#board/server/guard.ts";
import { API_ROUTES, PAGE_PATHS } from "#board/server/routes.ts";
import { isRoot } from "../support/as-user.ts";
import { TestBoard } from "../support/board.ts";
import { sendRaw } from "../support/raw-http.ts";
import { World } from "../support/world.ts";

let world: World;
let board: TestBoard;
let cookie: string;

beforeAll(async () => {
  world = new World();
  board = await TestBoard.start(world);
  cookie = await board.cookie();
});
afterAll(async () => {
  await board.stop();
  await world.close();
});

/** Headers of a page of the board. */
const own = () => ({ cookie, [KEY_HEADER]: board.key });

/** All routes, as the router lists them, with one for which there is none. */
const ROUTES = [
  ...PAGE_PATHS.map((path) => ({ method: "GET", path, kind: "page" })),
  ENTRY_ROUTE,
  ...API_ROUTES,
  { method: "GET", path: "/nothing", kind: "page" },
].map(({ method, path, kind }) => ({ method, path, kind, address: path.replaceAll(/:\w+/g, "x") }));

describe.each(ROUTES)("$method $path", ({ method, address, kind }) => {
  const ask = async (headers: Record<string, string>, path = address) =>
    fetch(`${board.origin}${path}`, { method, headers, redirect: "manual", ...(method === "POST" && { body: "{}" }) });

  test("is refused without the cookie, and with a wrong one", async () => {
    const [name] = cookie.split("=");
    const key = { [KEY_HEADER]: board.key };
    const wrong = [`${name}=wrong`, `${name}=`, `${name}=${board.key}`, `other=${cookie.split("=")[1]}`];
    for (const headers of [
      {},
      key,
      { authorization: cookie },
      ...wrong.map((each) => Object.assign({ cookie: each }, key)),
    ]) {
      const answer = await ask(headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({
        code: "no_session",
        message: expect.any(String),
        hint: expect.any(String),
      });
    }
  });

  test("is refused with a foreign Host header, although all else is right", async () => {
    const port = new URL(board.origin).port;
    for (const host of [
      "evil.example",
      "evil.example:80",
      "127.0.0.1.evil.example",
      "0.0.0.0",
      "user@127.0.0.1",
      "127.1",
      "0x7f.1",
      `127.0.0.1.:${port}`,
      `localhost.evil.example:${port}`,
      "",
    ]) {
      expect((await ask({ ...own(), host })).status).toBeOneOf([400, 403]);
    }
  });

  test("is refused to pages of other origins, although all else is right", async () => {
    for (const headers of [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: "http://127.0.0.1:1" },
      { origin: board.origin.replace("127.0.0.1", "localhost") },
      { origin: board.origin.replace("http", "https") },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" },
    ]) {
      expect((await ask({ ...own(), ...headers })).status).toBe(403);
    }
  });

  if (kind === "action" || kind === "data") {
    test("is refused without the token, which the cookie does not tell", async () => {
      const value = cookie.split("=")[1] ?? "";
      for (const headers of [{}, { [KEY_HEADER]: value }, { [KEY_HEADER]: "0".repeat(43) }, { [KEY_HEADER]: "" }]) {
        const answer = await ask({ cookie, ...headers });
        expect([answer.status, await answer.json()]).toEqual([403, expect.objectContaining({ code: "no_key" })]);
      }
      const { status } = await ask({ cookie }, `${address}?key=${board.key}`);
      // Only requests that cannot have a header may have it in the address.
      if (kind === "action") expect(status).toBe(403);
      else expect(status).not.toBeOneOf([401, 403]);
    });
  }

  if (kind === "page" || kind === "file") {
    test("has no secret", async () => {
      const text = await (await ask({ cookie })).text();
      expect(text.includes(board.key) || text.includes(cookie.split("=")[1] ?? "")).toBe(false);
    });
  }

  test("has no other methods, whatever headers or parameters say", async () => {
    for (const other of ["OPTIONS", "PUT", "DELETE", "PATCH", method === "GET" ? "POST" : "GET"]) {
      const isData = API_ROUTES.some((each) => each.method === other && each.path.replaceAll(/:\w+/g, "x") === address);
      if (isData) continue;
      const headers = { ...own(), "x-http-method-override": method, "x-method-override": method };
      const answer = await fetch(`${board.origin}${address}?_method=${method}`, { method: other, headers });
      expect([other, answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([other, 404, null]);
    }
  });
});

test("people who open an address without the cookie, or one that does not exist, get a page that says what to do", async () => {
  for (const [path, headers, hint] of [
    ["/timeline", {}, "Open the address that codex-mcp-server board prints."],
    ["/nothing", { cookie }, "Open /."],
  ] as const) {
    const answer = await fetch(`${board.origin}${path}`, { headers: { ...headers, accept: "text/html" } });
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await answer.text()).toContain(`<p>${hint}</p>`);
  }
});

test("a token in the address gives a cookie that scripts cannot read; no other address does", async () => {
  const { headers, status } = await fetch(board.address);
  expect(status).toBe(200);
  expect(headers.get("set-cookie")).toContain("HttpOnly; SameSite=Strict");
  const elsewhere = await fetch(board.address.replace("/?", "/timeline?"));
  expect([elsewhere.status, elsewhere.headers.get("set-cookie")]).toEqual([401, null]);
});

test("a cookie that another local server has set does not hide the right one, and does not help alone", async () => {
  const [name = ""] = cookie.split("=");
  for (const mixed of [`${name}=planted; ${cookie}`, `${cookie}; ${name}=planted`]) {
    expect((await board.request("/api/info", { headers: { cookie: mixed } })).status).toBe(200);
  }
  expect((await board.request("/api/info", { headers: { cookie: `${name}=planted; ${name}=` } })).status).toBe(401);
});

describe("requests that no browser sends", () => {
  const REQUESTS: [name: string, target: string, hosts: string[], version?: string][] = [
    ["two Host headers", "/api/info", ["OWN", "evil.example"]],
    ["two Host headers, the foreign one first", "/api/info", ["evil.example", "OWN"]],
    ["no Host header", "/api/info", [], "HTTP/1.0"],
    ["an encoded slash", "/api%2Finfo", ["OWN"]],
    ["an encoded letter", "/%61pi/info", ["OWN"]],
    ["two slashes", "//api/info", ["OWN"]],
    ["a parent folder", "/api/../api/info", ["OWN"]],
    ["other case", "/API/info", ["OWN"]],
    ["a slash at the end", "/api/info/", ["OWN"]],
    ["a dot at the end", "/api/info.", ["OWN"]],
    ["an id that is a path", "/api/tasks/..%2f..%2fboard.json", ["OWN"]],
    ["an id that is a property", "/api/tasks/__proto__", ["OWN"]],
    ["an id with a NUL", "/api/tasks/%00", ["OWN"]],
    ["an id that is no UTF-8", "/api/tasks/%E0%A4%A", ["OWN"]],
    ["ten megabytes of query", `/api/info?${"a".repeat(10_000_000)}`, ["OWN"]],
  ];
  test.each(REQUESTS)("%s gets no data", async (_name, target, hosts, version = "HTTP/1.1") => {
    const port = Number(new URL(board.origin).port);
    const lines = [
      `GET ${target} ${version}`,
      ...hosts.map((host) => `Host: ${host === "OWN" ? `127.0.0.1:${port}` : host}`),
      `Cookie: ${cookie}`,
      `${KEY_HEADER}: ${board.key}`,
      "Connection: close",
    ];
    const answer = await sendRaw(port, `${lines.join("\r\n")}\r\n\r\n`);
    expect(answer.split("\r\n")[0]).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(answer).not.toContain(world.stateHome);
    expect((await board.request("/api/info")).status).toBe(200);
  });

  test("a body over the limit is refused, with a length and in chunks", async () => {
    const port = Number(new URL(board.origin).port);
    const head = `POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n${KEY_HEADER}: ${board.key}\r\nConnection: close\r\n`;
    const chunks = `10000\r\n${"x".repeat(65_536)}\r\n`.repeat(160);
    expect(await sendRaw(port, `${head}Content-Length: 99999999999\r\n\r\n{}`)).toStartWith("HTTP/1.1 413");
    expect(await sendRaw(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)).toStartWith(
      "HTTP/1.1 413",
    );
  });
});

test.each([{ offset: "-1" }, { offset: "NaN" }, { offset: "1e999" }, { offset: "99999999999999999999" }])(
  "numbers that are none are refused: %p",
  async ({ offset }) => {
    const addresses = [
      `/api/tasks/x/log?before=${offset}`,
      `/api/tasks/x/output?at=${offset}`,
      `/api/tasks/x/log?run=${offset}`,
      `/api/tasks/x/patch?key=${"a".repeat(64)}&offset=${offset}&length=1`,
      `/api/usage?days=${offset}`,
      `/api/timeline?from=${offset}x`,
    ];
    for (const address of addresses) expect([address, (await board.request(address)).status]).toEqual([address, 400]);
  },
);

test.if(process.platform === "linux" && isRoot)("the token is in no argument and no environment of a process", () => {
  const value = cookie.split("=")[1] ?? "";
  expect(tryReadText(`/proc/${board.pid}/environ`)).toContain(world.root);
  for (const pid of listNames("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const file of ["cmdline", "environ"]) {
      const text = tryReadText(`/proc/${pid}/${file}`) ?? "";
      expect([pid, text.includes(board.key) || text.includes(value)]).toEqual([pid, false]);
    }
  }
});
