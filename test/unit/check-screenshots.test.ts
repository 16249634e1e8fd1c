import { expect, test } from "bun:test";
import { checkScreenshots } from "../../scripts/check-picture.ts";

const png = (bytes: number) => Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.alloc(bytes - 4)]);
const PICTURES: Record<string, Uint8Array> = {
  "good.png": png(300_000),
  "large.png": png(300_001),
  "text.png": Buffer.from("<svg/>"),
};

test.each([
  ["![The board](pictures/good.png) ![](pictures/demo.svg)", []],
  ['<img src="docs/pictures/none.png">', ["page.md shows docs/pictures/none.png, which is missing."]],
  ["![](pictures/text.png)", ["docs/pictures/text.png is not a PNG file."]],
  ["![](pictures/large.png)", ["docs/pictures/large.png has 300001 bytes, 300000 are allowed."]],
])("pictures of the board exist, are PNG files, and are not large: %s", (text, faults) => {
  expect(checkScreenshots("page.md", text, (name) => PICTURES[name])).toEqual(faults);
});
