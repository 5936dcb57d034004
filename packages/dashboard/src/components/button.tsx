import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "../app/router.tsx";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "plain" | "primary" | "danger" | "quiet";
  readonly icon?: IconName;
  /** Something is under way that the button began. */
  readonly isBusy?: boolean;
}

/** A button. One without children needs an `aria-label`. */
export function Button({ look = "plain", icon, isBusy = false, children, ...rest }: ButtonProps): ReactNode {
  return (
    <button type="button" className={`button ${look}`} disabled={isBusy} aria-busy={isBusy} {...rest}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface ButtonLinkProps {
  readonly to: string;
  readonly look?: ButtonProps["look"];
  readonly icon?: IconName;
  readonly children: ReactNode;
}

/** A link that looks like a button. */
export function ButtonLink({ to, look = "plain", icon, children }: ButtonLinkProps): ReactNode {
  return (
    <Link to={to} className={`button ${look}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Link>
  );
}
