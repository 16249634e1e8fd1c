/**
 * Has forms submitted by events alone: a frame whose sandbox does not allow forms fires none when one is submitted, although the page handles
 * them all itself.
 */
export function submitByEvents(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    // Enter in a field clicks the button, too.
    if (button === null || button.type !== "submit" || button.form === null || event.defaultPrevented) return;
    event.preventDefault();
    submit(button.form, button);
  });
  HTMLFormElement.prototype.requestSubmit = function requestSubmit(this: HTMLFormElement, submitter = null) {
    submit(this, submitter);
  };
}

function submit(form: HTMLFormElement, submitter: HTMLElement | null): void {
  if (!form.noValidate && !form.reportValidity()) return;
  const isWanted = form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter }));
  if (isWanted && form.method === "dialog") form.closest("dialog")?.close();
}
