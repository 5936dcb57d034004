// Starts a run and waits for what it gives: npm start Grace
import { Client } from "kagzi";
import { hello } from "./workflows/hello.ts";

const client = new Client();
const run = await client.start(hello, { name: process.argv[2] ?? "Ada" });
console.log(`run ${run.id}`);
console.log(await run.result());
await client.close();
