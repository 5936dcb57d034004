import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { signIn } from "../../client/session.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";

const COMMAND = `kagzi apikey create --db <database> --name me --role admin --all-namespaces`;

/** Asks for a key, where the server asks everybody who they are. */
export function LoginScreen(): ReactNode {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Kagzi";
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(key.trim());
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : String(thrown));
      setBusy(false);
    }
  };
  return (
    <main className="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>Sign in to Kagzi</h1>
        <p className="faint">This server asks everybody who they are. Sign in with an API key.</p>
        <Field
          label="API key"
          hint="It is sent to the server once, and kept nowhere in this browser."
          error={problem === undefined ? undefined : `You are not signed in: ${problem}`}
        >
          {(given) => (
            <input
              {...given}
              type="password"
              autoComplete="current-password"
              placeholder="kagzi_…"
              autoFocus
              aria-invalid={problem !== undefined}
              value={key}
              onChange={(event) => setKey(event.target.value)}
            />
          )}
        </Field>
        <Button look="primary" type="submit" isBusy={isBusy || key.trim() === ""}>
          Sign in
        </Button>
        <details>
          <summary>There is no key yet</summary>
          <p>The first one is made on the computer of the server:</p>
          <pre className="code">{COMMAND}</pre>
        </details>
      </form>
    </main>
  );
}
