import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ACTION_HEADER } from "#board/api/failure.ts";
import { API_ROUTES, PAGE_PATHS } from "#board/server/routes.ts";
import { TestBoard } from "../support/board.ts";
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

/** All routes, as the router lists them, with one for which there is none. */
const ROUTES = [
  ...PAGE_PATHS.map((path) => ({ method: "GET", path, kind: "page" })),
  ...API_ROUTES,
  { method: "GET", path: "/nothing", kind: "page" },
].map(({ method, path, kind }) => ({ method, path, kind, address: path.replaceAll(/:\w+/g, "x") }));

describe.each(ROUTES)("$method $path", ({ method, address, kind }) => {
  const ask = async (headers: Record<string, string>, path = address) =>
    fetch(`${board.origin}${path}`, { method, headers, redirect: "manual", ...(method === "POST" && { body: "{}" }) });

  test("is refused without the cookie, and with a wrong one", async () => {
    const [name] = cookie.split("=");
    for (const headers of [{}, { cookie: `${name}=wrong` }, { cookie: `${name}=` }, { authorization: cookie }]) {
      const answer = await ask(headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({
        code: "no_session",
        message: expect.any(String),
        hint: expect.any(String),
      });
    }
  });

  test("is refused with a foreign Host header, although the cookie is right", async () => {
    for (const host of ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0", "user@127.0.0.1", ""]) {
      expect((await ask({ cookie, host })).status).toBeOneOf([400, 403]);
    }
  });

  test("is refused to pages of other origins, although the cookie is right", async () => {
    for (const headers of [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: "http://127.0.0.1:1" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" },
    ]) {
      expect((await ask({ cookie, ...headers })).status).toBe(403);
    }
  });

  test.if(kind === "action")("is refused without the page's proof", async () => {
    expect((await ask({ cookie })).status).toBe(403);
    expect((await ask({ cookie, [ACTION_HEADER]: "0".repeat(64) })).status).toBe(403);
  });
});

test("a token in the address gives a cookie that scripts cannot read; no other address does", async () => {
  const { headers, status } = await fetch(board.address);
  expect(status).toBe(200);
  expect(headers.get("set-cookie")).toContain("HttpOnly; SameSite=Strict");
  const elsewhere = await fetch(board.address.replace("/?", "/timeline?"));
  expect([elsewhere.status, elsewhere.headers.get("set-cookie")]).toEqual([401, null]);
});
