import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "../app/router.tsx";
import { type Right, useWhyNot } from "../client/session.ts";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "plain" | "primary" | "danger" | "quiet";
  readonly icon?: IconName;
  /** Something is under way that the button began. */
  readonly isBusy?: boolean;
  /** What it takes. Who may not sees why. */
  readonly needs?: Right;
}

/** A button. One without children needs an `aria-label`. */
export function Button({ look = "plain", icon, isBusy = false, needs, children, ...rest }: ButtonProps): ReactNode {
  const whyNot = useWhyNot(needs);
  const refused = whyNot !== undefined && { disabled: true, title: whyNot, "aria-description": whyNot };
  return (
    <button type="button" className={`button ${look}`} disabled={isBusy} aria-busy={isBusy} {...rest} {...refused}>
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
