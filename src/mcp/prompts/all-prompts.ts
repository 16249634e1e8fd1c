import type { Prompt } from "./define-prompt.ts";
import { implement } from "./implement.ts";
import { longRun } from "./long-run.ts";
import { parallelModules } from "./parallel-modules.ts";
import { resume } from "./resume.ts";
import { review } from "./review.ts";

/** Prompts in the order in which clients list them. */
export const ALL_PROMPTS: readonly Prompt[] = [review, implement, parallelModules, longRun, resume];
