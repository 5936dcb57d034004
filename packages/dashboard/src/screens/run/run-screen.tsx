import type { ReactNode } from "react";
import { Page } from "../../components/page.tsx";

export function RunScreen({ runId, part }: { readonly runId: string; readonly part: string }): ReactNode {
  return <Page title={runId}>{part}</Page>;
}
