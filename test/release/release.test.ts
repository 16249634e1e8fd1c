import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { $ } from "bun";
import { unzipSync } from "fflate";
import manifest from "../../package.json" with { type: "json" };
import { sha256 } from "../../scripts/release/checksums.ts";
import { releaseNotes } from "../../scripts/release/notes.ts";
import { TARGETS } from "../../scripts/targets.ts";
import { makeRelease, RELEASE, RELEASED } from "../support/release.ts";

const PROJECT = join(import.meta.dir, "..", "..");
const scratch = mkdtempSync("/var/tmp/codexmcp-release-test-");
const read = (name: string) => readFileSync(join(RELEASE, name), "utf8");

beforeAll(makeRelease, 900_000);
afterAll(() => rmSync(scratch, { recursive: true }));

test("holds every file that it is to, and a checksum of each", async () => {
  const archives = RELEASED.map((name) => `codex-mcp-server-${name}.${name.startsWith("windows") ? "zip" : "tar.gz"}`);
  const bundles = ["codex-mcp-server-linux-x64.mcpb", "codex-mcp-server-windows-x64.mcpb"];
  const others = ["SHA256SUMS", "install.sh", "sbom.cdx.json", "server.json"];
  expect(readdirSync(RELEASE).toSorted()).toEqual([...archives, ...bundles, ...others].toSorted());
  const checked = await $`sha256sum --check --strict SHA256SUMS`.cwd(RELEASE).quiet().text();
  expect(checked.trim().split("\n")).toHaveLength(archives.length + bundles.length + others.length - 1);
});

describe.each(["linux-x64", "linux-x64-baseline", "linux-x64-container"])("the archive of %s", (target) => {
  const canRun = process.platform === "linux" && process.arch === "x64";
  if (!canRun) console.warn(`SKIPPED: ${target} does not run on ${process.platform}-${process.arch}`);

  test.skipIf(!canRun)("holds a program that starts here and says what it is", async () => {
    const folder = join(scratch, target);
    await $`mkdir ${folder} && tar -xzf ${join(RELEASE, `codex-mcp-server-${target}.tar.gz`)} -C ${folder}`.quiet();
    const files = ["CHANGELOG.md", "LICENSE", "README.md", "codex-mcp-server", "codex-mcp-server.1"];
    expect(readdirSync(folder).toSorted()).toEqual(files);
    const program = join(folder, "codex-mcp-server");
    const { stdout, exitCode } = await $`${program} --version`.quiet();
    expect(exitCode).toBe(0);
    expect(stdout.toString()).toContain(`codex-mcp-server ${manifest.version}\n`);
    expect(stdout.toString()).toContain(`for ${target}, Bun ${Bun.version}`);
  });

  test.skipIf(!canRun)("has the read-only fallback on if it is for containers", async () => {
    const env = { HOME: scratch, PATH: process.env["PATH"] ?? "" };
    const findings = async (more = {}) => {
      const program = join(scratch, target, "codex-mcp-server");
      return $`${program} doctor`
        .env({ ...env, ...more })
        .quiet()
        .nothrow()
        .text();
    };
    const isOn = "not used: the read-only fallback is on";
    if (target.endsWith("-container")) expect(await findings()).toContain(isOn);
    else expect(await findings()).not.toContain(isOn);
    expect(await findings({ CODEXMCP_READONLY_FALLBACK: "0" })).not.toContain(isOn);
  });
});

test("the archive for Windows is a zip with the .exe in it", () => {
  const files = unzipSync(readFileSync(join(RELEASE, "codex-mcp-server-windows-x64.zip")));
  expect(Object.keys(files).toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "codex-mcp-server.exe"]);
  expect(Buffer.from(files["codex-mcp-server.exe"] ?? []).toString("latin1", 0, 2)).toBe("MZ");
});

test("the bundle is one that the mcpb project's own program takes, and its server starts", async () => {
  const folder = join(scratch, "bundle");
  const mcpb = join(PROJECT, "node_modules", ".bin", "mcpb");
  await $`${mcpb} unpack ${join(RELEASE, "codex-mcp-server-linux-x64.mcpb")} ${folder}`.quiet();
  const { exitCode, stdout } = await $`${mcpb} validate ${join(folder, "manifest.json")}`.quiet().nothrow();
  expect(stdout.toString()).toContain("Manifest schema validation passes!");
  expect(exitCode).toBe(0);
  expect(await $`${join(folder, "server", "codex-mcp-server")} --version`.text()).toContain("for linux-x64-baseline,");
});

test("the bill of materials is valid CycloneDX and names what is in the binary, and nothing else", async () => {
  const faults = await new Validation.JsonStrictValidator(Spec.Spec1dot6.version).validate(read("sbom.cdx.json"));
  expect(faults).toBeNull();
  const { components } = JSON.parse(read("sbom.cdx.json")) as { components: { purl: string }[] };
  const names = components.map(({ purl }) => decodeURIComponent(purl));
  const own = Object.entries(manifest.dependencies).map(([name, version]) => `pkg:npm/${name}@${version}`);
  expect(names).toEqual(expect.arrayContaining(own));
  expect(names).toContain(`pkg:npm/bun@${Bun.version}`);
  expect(names.some((name) => name.includes("typescript") || name.includes("knip"))).toBe(false);
});

test("the registry's entry has the bundles' checksums, and keeps to the registry's limits", () => {
  const entry = JSON.parse(read("server.json")) as {
    name: string;
    description: string;
    packages: { identifier: string; fileSha256: string }[];
  };
  expect(entry.name).toMatch(/^io\.github\.[\w-]+\/codex-mcp-server$/);
  expect(entry.description.length).toBeLessThanOrEqual(100);
  expect(entry.packages).toHaveLength(2);
  for (const { identifier, fileSha256 } of entry.packages) {
    expect(identifier).toStartWith(`${manifest.repository.url}/releases/download/v${manifest.version}/`);
    expect(fileSha256).toBe(sha256(join(RELEASE, identifier.split("/").at(-1) ?? "")));
  }
});

test("the notes are the version's section of the changelog; none is no release", () => {
  const changelog =
    "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [1.2.0] - 2026-01-01\n\n### Added\n\n- it\n\n## [1.1.0]\n";
  expect(releaseNotes(changelog, "1.2.0", false)).toBe("### Added\n\n- it\n");
  expect(releaseNotes(changelog, "1.3.0", true)).toBe("- new\n");
  expect(() => releaseNotes(changelog, "1.3.0", false)).toThrow("says nothing of 1.3.0");
  expect(() => releaseNotes(changelog, "1.1.0", false)).toThrow();
});

test("the installer's address is that of package.json", () => {
  expect(read("install.sh")).toContain(`:-${manifest.repository.url}/releases}`);
});

test("the same commit gives the same bytes, wherever it is built", async () => {
  const digests = [];
  const packages = join(PROJECT, "node_modules");
  for (const name of ["one", "another/and deeper"]) {
    const clone = join(scratch, name);
    await $`git clone --quiet ${PROJECT} ${clone}`.quiet();
    // By links where that can be: it is large.
    await $`cp -al ${packages} ${clone} || cp -a ${packages} ${clone}`.quiet();
    await $`bun ${join(clone, "scripts", "build.ts")} linux-arm64`.cwd(clone).quiet();
    digests.push(sha256(join(clone, "dist", "codex-mcp-server-linux-arm64")));
  }
  expect(digests[0]).toBe(digests[1]);
}, 60_000);

test("every platform that is promised has a target", () => {
  const names = TARGETS.map(({ name }) => name);
  for (const cpu of ["x64", "x64-baseline", "arm64", "x64-musl", "x64-musl-baseline", "arm64-musl"]) {
    expect(names).toContain(`linux-${cpu}`);
    expect(names).toContain(`linux-${cpu}-container`);
  }
  for (const name of ["darwin-x64", "darwin-arm64", "windows-x64"]) expect(names).toContain(name);
});
