/** All variables that the project reads: what else begins so is a slip of the pen. */
export const KNOWN_VARIABLES: readonly string[] = [
  "KAGZI_API_KEY",
  "KAGZI_DB_SCHEMA",
  "KAGZI_DB_URL",
  "KAGZI_HOST",
  "KAGZI_LEASE_MS",
  "KAGZI_LOG_LEVEL",
  "KAGZI_NAMESPACE",
  "KAGZI_PORT",
  "KAGZI_PROFILE",
  "KAGZI_URL",
];
