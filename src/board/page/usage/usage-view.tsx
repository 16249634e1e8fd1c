/** Shows the page "Usage". */
export function UsageView() {
  return <h1>Usage</h1>;
}
