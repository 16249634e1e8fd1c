/** Shows the page "New task". */
export function NewTaskView() {
  return <h1>New task</h1>;
}
