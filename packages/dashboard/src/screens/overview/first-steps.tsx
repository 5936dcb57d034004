import type { ReactNode } from "react";
import { BASE_URL } from "../../app/base.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { Empty } from "../../components/empty.tsx";

/** What to do in a namespace in which nothing has ever run. */
export function FirstSteps(): ReactNode {
  const namespace = useNamespace();
  const where = namespace === "default" ? "" : `, namespace: "${namespace}"`;
  const url = BASE_URL.replace(/\/$/u, "");
  const code = `import { Client, Worker, workflow } from "kagzi";

const hello = workflow("hello", async (ctx, input: { name: string }) =>
  ctx.step("greet", () => \`Hello \${input.name}\`),
);
await new Worker({ url: "${url}"${where}, workflows: [hello] }).start();

const client = new Client({ url: "${url}"${where} });
await client.start(hello, { name: "Ada" });`;
  return (
    <Empty title="Nothing has run here yet">
      <p>Start a worker and a run, and this page fills by itself. In an existing project:</p>
      <pre className="code">{`npm install kagzi`}</pre>
      <p>Then, as hello.ts:</p>
      <pre className="code">{code}</pre>
    </Empty>
  );
}
