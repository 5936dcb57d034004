import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button.tsx";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** The buttons at the bottom. */
  readonly actions?: ReactNode;
  readonly width?: "narrow" | "wide";
}

/** A question or a sheet above the page, for as long as it is rendered. Esc closes it. */
export function Dialog({ title, onClose, children, actions, width = "narrow" }: DialogProps): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={`dialog ${width}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div className="dialog-body">
        <header>
          <h2 id={titleId}>{title}</h2>
          <Button look="quiet" icon="close" aria-label="Close" onClick={onClose} />
        </header>
        {children}
        {actions !== undefined && <footer>{actions}</footer>}
      </div>
    </dialog>
  );
}

export interface ConfirmProps {
  readonly title: string;
  /** What it does, and whether it can be undone. */
  readonly children: ReactNode;
  /** What the button says: the verb. */
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something is done, and says what it does. */
export function Confirm(props: ConfirmProps): ReactNode {
  const { title, children, verb, isBusy = false, isDangerous = false, isDisabled = false, onClose, onConfirm } = props;
  const actions = (
    <>
      <Button onClick={onClose}>Do nothing</Button>
      <Button look={isDangerous ? "danger" : "primary"} isBusy={isBusy || isDisabled} type="submit">
        {verb}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        {children}
        <footer>{actions}</footer>
      </form>
    </Dialog>
  );
}
