/** Error that the app-server answers a request with, or of the connection to it. */
export class AppServerError extends Error {
  override readonly name = "AppServerError";
}
