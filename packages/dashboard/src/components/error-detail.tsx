import type { ErrorDetail } from "@kagzi/proto";
import type { ReactNode } from "react";
import { codeName } from "../client/errors.ts";
import { Copy } from "./copy.tsx";

export interface ErrorViewProps {
  readonly error: ErrorDetail;
  readonly title?: string;
  /** Whether the stack is shown at once. Those of causes are folded. */
  readonly isOpen?: boolean;
}

/** An error of user code or of the system: what happened, where, and what caused it. */
export function ErrorView({ error, title = "Error", isOpen = true }: ErrorViewProps): ReactNode {
  return (
    <section className="error" aria-label={title}>
      <header>
        <h3>{error.name === "" ? codeName(error.code) : error.name}</h3>
        {error.name !== "" && <code className="chip">{codeName(error.code)}</code>}
        {error.nonRetryable && <span className="chip">not tried again</span>}
        <Copy text={asMarkdown(error)} label="the error as Markdown" />
      </header>
      <p className="message">{error.message}</p>
      {error.stack !== "" && <Stack stack={error.stack} isOpen={isOpen} />}
      {error.cause !== undefined && (
        <div className="cause">
          <h4>Caused by</h4>
          <ErrorView error={error.cause} title="Cause" isOpen={false} />
        </div>
      )}
    </section>
  );
}

/** Lines of libraries and of Node itself stand back behind those of the application. */
function Stack({ stack, isOpen }: { readonly stack: string; readonly isOpen: boolean }): ReactNode {
  const lines = stack.split("\n").filter((line) => /^\s*at /u.test(line));
  if (lines.length === 0) return <pre className="code">{stack}</pre>;
  return (
    <details open={isOpen}>
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
