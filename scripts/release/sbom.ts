import { join } from "node:path";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import * as v from "valibot";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..", "..");

const PackageSchema = v.object({ name: v.string(), version: v.string(), license: v.optional(v.string()) });

/** Creates the bill of materials of the binary: Bun, and every package with a file in the bundle (CycloneDX 1.6, JSON). */
export async function billOfMaterials(): Promise<string> {
  const bom = new Models.Bom();
  const program = describe({ name: manifest.name, version: manifest.version, license: manifest.license });
  bom.metadata.component = program;
  const packages = await Promise.all((await bundledFolders()).map(readPackage));
  const bun = { name: "bun", version: Bun.version, license: "MIT" };
  for (const each of [...packages, bun]) {
    const component = describe(each);
    bom.components.add(component);
    program.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function describe({ name, version, license }: v.InferOutput<typeof PackageSchema>): Models.Component {
  const [scope, plain] = name.startsWith("@") ? (name.split("/") as [string, string]) : [undefined, name];
  const purl = `pkg:npm/${scope === undefined ? "" : `${encodeURIComponent(scope)}/`}${plain}@${version}`;
  const type = name === manifest.name ? Enums.ComponentType.Application : Enums.ComponentType.Library;
  const component = new Models.Component(type, plain, { bomRef: purl, version, purl });
  if (scope !== undefined) component.group = scope;
  if (license !== undefined) component.licenses.add(new Models.SpdxLicense(license));
  return component;
}

async function bundledFolders(): Promise<string[]> {
  const built = await Bun.build({ entrypoints: [join(ROOT, "src", "main.ts")], target: "bun", metafile: true });
  const inputs = Object.keys(v.parse(v.object({ inputs: v.record(v.string(), v.unknown()) }), built.metafile).inputs);
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].toSorted();
}

async function readPackage(folder: string): Promise<v.InferOutput<typeof PackageSchema>> {
  return v.parse(PackageSchema, await Bun.file(join(ROOT, folder, "package.json")).json());
}
