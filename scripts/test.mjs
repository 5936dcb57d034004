import { prepare, run, runQuietly } from "./prepare.mjs";

// Everything that is tested, from a bare clone with nothing but Node and npm: installs, builds, checks, runs every test on
// a real PostgreSQL and a real SQLite, and the demonstration. Any argument goes to the test runner instead:
// npm test -- --project e2e
process.chdir(new URL("..", import.meta.url).pathname);
prepare();
bringPython();
bringPgBouncer();
const args = process.argv.slice(2);
if (args.length > 0) run("npx", ["vitest", "run", ...args]);
else {
  run("npm", ["run", "check", "--silent"]);
  run(process.execPath, ["examples/orders/dist/demo.js"]);
  run("npm", ["run", "chaos", "--silent", "--", "--minutes", "3"]);
  run("npm", ["run", "chaos", "--silent", "--", "--store", "sqlite", "--minutes", "1"]);
}

/** The worker in another language is in Python where gRPC for it is there or can be had; else a stock client from npm does its work. */
function bringPython() {
  bringPackages(runQuietly("/usr/bin/python3", ["-c", "import grpc, google.protobuf"]), [
    "python3-grpcio",
    "python3-protobuf",
  ]);
}

/** The store is tested through PgBouncer. Where that is not there and cannot be had, its suite fails and says what to install. */
function bringPgBouncer() {
  const isThere = runQuietly("pgbouncer", ["--version"]) || runQuietly("/usr/sbin/pgbouncer", ["--version"]);
  if (process.env.KAGZI_TEST_PGBOUNCER === undefined) bringPackages(isThere, ["pgbouncer"]);
}

/** Installs packages of Debian, where that is what this runs on. */
function bringPackages(isThere, packages) {
  if (isThere || process.getuid?.() !== 0 || !runQuietly("apt-get", ["--version"])) return;
  // RUNLEVEL: what is installed is not started as a service.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const install = () => runQuietly("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], env);
  if (!install()) {
    runQuietly("apt-get", ["update", "-qq"], env);
    install();
  }
}
