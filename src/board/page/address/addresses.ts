/** Returns the address of a comparison, or of the choice of tasks for one. */
export function compareAddress(values: Readonly<Record<string, readonly string[]>>): string {
  const query = new URLSearchParams();
  for (const [name, all] of Object.entries(values)) for (const value of all) query.append(name, value);
  return query.size === 0 ? "/compare" : `/compare?${query}`;
}
