/** Time for which the browser can read the data of a download, in milliseconds. */
const DOWNLOAD_MS = 60_000;

/** Offers data to the user as a file to save. */
export function saveFile(data: Blob, name: string): void {
  const address = URL.createObjectURL(data);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), DOWNLOAD_MS);
}
