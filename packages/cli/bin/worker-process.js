import { main } from "../dist/dev/worker-process.js";

await main(process.argv.slice(2));
