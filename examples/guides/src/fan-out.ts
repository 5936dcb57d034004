import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

const thumbnail = workflow("thumbnail", async (ctx, file: string) => {
  return ctx.step("shrink", () => ({ file, bytes: file.length * 100 }));
});

const album = workflow("album", async (ctx, files: readonly string[]) => {
  // Fan out: a run of its own for each file, on whichever worker is free.
  const all = await Promise.allSettled(files.map((file) => ctx.invoke(thumbnail, file)));
  // Fan in: what came of them, in the order of the files.
  const done = all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const bytes = done.reduce((sum, each) => sum + each.bytes, 0);
  return { thumbnails: done.length, bytes };
});

await using env = await TestEnvironment.create({ workflows: [thumbnail, album] });
const files = Array.from({ length: 100 }, (_each, index) => `photo-${index}.jpg`);
const run = await env.client.start(album, files);
console.log(await run.result());
const { total } = await env.client.runs.list({ parent: run.id }).page({ total: true });
console.log("children:", total);
