/** Milliseconds, by what was measured; each is compared with the `bare` one of the same kind, or the first. */
export type Samples = Record<string, number[]>;

/** Prints medians, spread, and each median against the bare one beside it. */
export function report(title: string, samples: Samples): void {
  console.log(
    `\n${title} (ms)${" ".repeat(Math.max(1, 30 - title.length))} median     p10     p90   over bare   ratio`,
  );
  const names = Object.keys(samples);
  for (const name of names) {
    const values = samples[name] ?? [];
    const bare = names.find((other) => other.startsWith("bare") && other.split(" ")[1] === name.split(" ")[1]);
    const base = bare === undefined || bare === name ? undefined : quantile(samples[bare] ?? [], 0.5);
    const median = quantile(values, 0.5);
    const against =
      base === undefined ? "" : `${(median - base).toFixed(1).padStart(12)}${(median / base).toFixed(2).padStart(8)}`;
    const columns = [median, quantile(values, 0.1), quantile(values, 0.9)].map((value) => value.toFixed(1).padStart(8));
    console.log(`  ${name.padEnd(32)}${columns.join("")}${against}`);
  }
}

/** Returns the value below which the given share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
