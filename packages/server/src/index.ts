export { SERVER_VERSION } from "./version.ts";
