import { type ReactNode, useEffect } from "react";

export interface PageProps {
  readonly title: string;
  /** Above the title: where one comes from. */
  readonly above?: ReactNode;
  /** Beside the title. */
  readonly beside?: ReactNode;
  /** Buttons at the right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A screen: its title is that of the browser's tab, too. */
export function Page({ title, above, beside, actions, children }: PageProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · Kagzi`;
  }, [title]);
  return (
    <>
      <header className="page-head">
        {above !== undefined && <div className="above">{above}</div>}
        <div className="title-row">
          <h1>{title}</h1>
          {beside}
          <div className="actions">{actions}</div>
        </div>
      </header>
      {children}
    </>
  );
}
