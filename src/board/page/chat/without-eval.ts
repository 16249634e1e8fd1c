// Imported before everything else: zod, which the library of the chat uses, tries to compile code when its first schema is made, and every
// attempt is reported as a violation of the host's policy. The library forbids it too, but only after its schemas are made.
// oxlint-disable-next-line no-restricted-imports -- a setting, not schemas
import { config } from "zod/v4/core";

config({ jitless: true });
