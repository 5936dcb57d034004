import type { ReactNode } from "react";
import { Page } from "../../components/page.tsx";

export function StartScreen(): ReactNode {
  return <Page title="Start a run">{undefined}</Page>;
}
