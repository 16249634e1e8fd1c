/** Returns the address of the page of a task. @param action action whose dialog it opens */
export function taskAddress(id: string, action?: string): string {
  return `/tasks/${encodeURIComponent(id)}${action === undefined ? "" : `?do=${action}`}`;
}

/** Returns the address of the board with the tries of a group alone. */
export function groupAddress(group: string): string {
  return `/?${new URLSearchParams({ group })}`;
}

/** Returns the address of a comparison, or of the choice of tasks for one. */
export function compareAddress(values: Readonly<Record<string, readonly string[]>>): string {
  const query = new URLSearchParams();
  for (const [name, all] of Object.entries(values)) for (const value of all) query.append(name, value);
  return query.size === 0 ? "/compare" : `/compare?${query}`;
}
