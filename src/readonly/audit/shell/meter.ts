/** Number of steps that any command may take, and how many more for each of its characters. */
const BASE_STEPS = 2000;
const STEPS_PER_CHARACTER = 0.4;
/** Maximum number of brackets that are open at once; the parser's time grows with its square. */
const MAX_OPEN_BRACKETS = 100;

/** Error that ends the judging of a command that takes more steps than it may. */
export class TooManySteps extends Error {}

/** Counter of the steps that the judging of one command takes, so that its time and memory are bounded. */
export class Meter {
  #left: number;

  /** @param length of the command, in characters */
  constructor(length: number) {
    this.#left = BASE_STEPS + length * STEPS_PER_CHARACTER;
  }

  /** Counts steps: syntax nodes, commands, words, and variables that are copied. @throws TooManySteps */
  step(cost = 1): void {
    this.#left -= cost;
    if (this.#left < 0) throw new TooManySteps();
  }
}

/** Returns whether a text has more brackets open at once than are followed. */
export function isTooNested(text: string): boolean {
  let open = 0;
  for (let index = 0; index < text.length; index++) {
    const letter = text[index];
    if (letter === "(" || letter === "{") open++;
    else if ((letter === ")" || letter === "}") && open > 0) open--;
    if (open > MAX_OPEN_BRACKETS) return true;
  }
  return false;
}
