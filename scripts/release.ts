// Builds a release in dist/release and uploads it to GitHub.
// Usage: npm run release [-- --dry-run | --prepare-only | --upload-only] [target …]
//   --dry-run       build without uploading; CHANGELOG.md needs no section for the version yet
//   --prepare-only  build the final files without uploading them
//   --upload-only   upload the prepared files (CI attests and tests them in between)
//   target …        build only these targets
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { $ } from "bun";
import manifest from "../package.json" with { type: "json" };
import { buildBinary } from "./build.ts";
import { packTarget } from "./release/archive.ts";
import { writeChecksums } from "./release/checksums.ts";
import { hasBundle, packBundle } from "./release/mcp-bundle.ts";
import { releaseNotes } from "./release/notes.ts";
import { registryEntry } from "./release/registry.ts";
import { billOfMaterials } from "./release/sbom.ts";
import { type Target, targetNamed, TARGETS } from "./targets.ts";

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, "dist", "release");
const TAG = `v${manifest.version}`;

/** Builds a release in {@link FOLDER} without uploading it. */
async function prepare(targets: readonly Target[], isDryRun: boolean): Promise<void> {
  const notes = releaseNotes(await Bun.file(join(ROOT, "CHANGELOG.md")).text(), manifest.version, isDryRun);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const bundles: string[] = [];
  for (const target of targets) {
    const binary = await buildBinary(target);
    console.log(await packTarget(target, binary, FOLDER));
    if (hasBundle(target)) bundles.push(await packBundle(target, binary, FOLDER));
  }
  console.log(bundles.join("\n"));
  const write = (name: string, content: string) => writeFileSync(join(FOLDER, name), content);
  write("sbom.cdx.json", await billOfMaterials());
  write("server.json", `${JSON.stringify(await registryEntry(bundles), null, 2)}\n`);
  write("install.sh", await Bun.file(join(ROOT, "scripts", "install.sh")).text());
  writeChecksums(FOLDER);
  // The text of the release, not one of its files.
  writeFileSync(join(ROOT, "dist", "release-notes.md"), notes);
}

async function upload(): Promise<void> {
  const tagged = (await $`git tag --points-at HEAD`.cwd(ROOT).text()).split("\n");
  if (!tagged.includes(TAG)) throw new Error(`HEAD has no tag ${TAG}: git tag -s ${TAG} && git push origin ${TAG}`);
  const files = readdirSync(FOLDER).map((name) => join(FOLDER, name));
  const notes = join(ROOT, "dist", "release-notes.md");
  await $`gh release create ${TAG} --verify-tag --title ${TAG} --notes-file ${notes} ${files}`.cwd(ROOT);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "dry-run": { type: "boolean", default: false },
    "prepare-only": { type: "boolean", default: false },
    "upload-only": { type: "boolean", default: false },
  },
});
if (!values["upload-only"]) {
  await prepare(positionals.length === 0 ? TARGETS : positionals.map(targetNamed), values["dry-run"]);
}
if (values["dry-run"] || values["prepare-only"]) console.log(`not uploaded: ${FOLDER}`);
else await upload();
