/** Where the dashboard and the server begin, with a slash at the end. Read once: paths change, this does not. */
export const BASE_URL: string = document.baseURI;

/** The path of {@link BASE_URL}: `/`, or `/kagzi/` behind a proxy. */
export const BASE_PATH: string = new URL(BASE_URL).pathname;
