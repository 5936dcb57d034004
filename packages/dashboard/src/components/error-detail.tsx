import type { ErrorDetail } from "@kagzi/proto";
import type { ReactNode } from "react";
import { codeName } from "../client/errors.ts";
import { Copy } from "./copy.tsx";

/** An error of user code or of the system: what happened, where, and what caused it. */
export function ErrorView({
  error,
  title = "Error",
}: {
  readonly error: ErrorDetail;
  readonly title?: string;
}): ReactNode {
  return (
    <section className="error" aria-label={title}>
      <header>
        <h3>{error.name === "" ? codeName(error.code) : error.name}</h3>
        {error.name !== "" && <code className="chip">{codeName(error.code)}</code>}
        {error.nonRetryable && <span className="chip">not tried again</span>}
        <Copy text={asMarkdown(error)} label="the error as Markdown" />
      </header>
      <p className="message">{error.message}</p>
      {error.stack !== "" && <Stack stack={error.stack} />}
      {error.cause !== undefined && (
        <div className="cause">
          <h4>Caused by</h4>
          <ErrorView error={error.cause} title="Cause" />
        </div>
      )}
    </section>
  );
}

/** Lines of libraries and of Node itself stand back behind those of the application. */
function Stack({ stack }: { readonly stack: string }): ReactNode {
  const lines = stack.split("\n").filter((line) => /^\s*at /u.test(line));
  if (lines.length === 0) return <pre className="code">{stack}</pre>;
  return (
    <details open>
      <summary>Stack</summary>
      <pre className="code stack" tabIndex={0}>
        {lines.map((line, index) => (
          <span key={index} className={/node_modules|node:|\/kagzi\/dist\//u.test(line) ? "faint" : ""}>
            {line.trim()}
            {"\n"}
          </span>
        ))}
      </pre>
    </details>
  );
}

function asMarkdown(error: ErrorDetail): string {
  const head = `**${error.name === "" ? codeName(error.code) : error.name}**: ${error.message}`;
  const stack = error.stack === "" ? "" : `\n\n\`\`\`\n${error.stack}\n\`\`\``;
  return head + stack + (error.cause === undefined ? "" : `\n\nCaused by ${asMarkdown(error.cause)}`);
}
