/** Shows the page "Timeline". */
export function TimelineView() {
  return <h1>Timeline</h1>;
}
