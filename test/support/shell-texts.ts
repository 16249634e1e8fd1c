import * as fc from "fast-check";
import { texts } from "./property.ts";
import { shellStatements, shellWords } from "./shell-words.ts";

const tokens = fc.oneof(
  shellWords,
  shellStatements,
  fc.constantFrom(
    " ",
    "\n",
    ";",
    "&&",
    "||",
    "|",
    "&",
    "(",
    ")",
    "{",
    "}",
    "<",
    ">",
    ">>",
    "<<",
    "<<<",
    "<(",
    ">(",
    "$(",
    "`",
    "'",
    '"',
    "\\",
    "$",
  ),
  fc.constantFrom(
    "if",
    "then",
    "fi",
    "for",
    "in",
    "do",
    "done",
    "case",
    "esac",
    ";;",
    "function",
    "[[",
    "]]",
    "((",
    "))",
    "EOF",
    "!",
  ),
  fc.constantFrom(
    "rm",
    "sed -i",
    "find . -exec",
    "xargs",
    "bash -c",
    "eval",
    "git push",
    "awk",
    "python3 -c",
    "env -S",
    "tee",
    "cd",
  ),
);

/** Constructs that hold themselves: opening, closing. */
const nesting = fc.constantFrom(
  ["$(", ")"],
  ["`", "`"],
  ["(", ")"],
  ["{ ", "; }"],
  ['"$(', ')"'],
  ["${x:-", "}"],
  ["<(", ")"],
  ["if ", "; then :; fi"],
  ["{a,", "}"],
  ["$((", "))"],
  ["eval ", ""],
  ["xargs env nice ", ""],
  ["find . -exec ", " \\;"],
  ["bash -c '", "'"],
  ['sh -c "', '"'],
  ["case x in x) ", ";; esac"],
  ["a && ", ""],
  ["{a,b}", ""],
  ["$x", ""],
  ["f() { ", "; }"],
  ["! ", ""],
  ["cat <<E\n", "\nE\n"],
  ["\\", ""],
  ["[[ ", " ]]"],
  ["x=1 ", ""],
  ["echo a | ", ""],
);

/** Texts that a shell might be given: put together at random, or nested deeply. They are never run. */
export const shellTexts: fc.Arbitrary<string> = fc.oneof(
  texts,
  fc.array(tokens, { maxLength: 30 }).map((parts) => parts.join(" ")),
  fc.array(tokens, { maxLength: 30 }).map((parts) => parts.join("")),
  fc
    .tuple(fc.array(nesting, { minLength: 1, maxLength: 3 }), fc.constantFrom(3, 13, 30, 40, 3000), tokens)
    .map(([pairs, depth, inner]) => {
      const open = pairs.map(([start]) => start).join("");
      const close = pairs
        .map(([, end]) => end)
        .toReversed()
        .join("");
      return open.repeat(depth) + inner + close.repeat(depth);
    }),
);
