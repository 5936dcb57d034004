import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { toast } from "./toast.tsx";

/** Copies a text. `label` says what it is: `the run's id`. */
export function Copy({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      window.setTimeout(() => setCopied(false), 1500);
    } catch {
      toast("The browser does not let this page copy: select the text and copy it by hand.", "bad");
    }
  };
  return (
    <Button
      look="quiet"
      className="button quiet small"
      icon={isCopied ? "completed" : "copy"}
      aria-label={`Copy ${label}`}
      title={`Copy ${label}`}
      onClick={() => void copy()}
    />
  );
}
