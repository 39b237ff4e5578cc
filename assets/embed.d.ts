/** What minting a link answers; a host may pass it on as it is. `token` is what a renewal needs, `url` what opens. */
export interface MintedSession {
  url?: string;
  token?: string;
  expires_at?: string;
}

/** A minted link, the answer that holds it, or for a renewal the token alone. */
export type Session = string | MintedSession;

export type Tab = "overview" | "credits" | "invoices" | "usage";

export interface PortalEvents {
  /** The page is open, or goes on with a fresh session. */
  ready: CustomEvent<{ tab: Tab; path: string; expires_at: string }>;
  /** The content's height in pixels; the frame has it already. */
  resized: CustomEvent<{ height: number }>;
  navigated: CustomEvent<{ tab: Tab; path: string }>;
  /** Two minutes before the end, or when a third is left of a session of less than six. Cancel it to renew by yourself. */
  "session-expiring": CustomEvent<{ expires_at: string; seconds: number }>;
  /** The page shows no data any more. Cancel the event to keep an expired or missing session from being renewed. */
  "session-expired": CustomEvent<{ reason: "missing" | "invalid" | "expired" | "revoked" }>;
  /**
   * `unavailable`: the portal's data, or the portal, is not there. What could not be asked for or opened is tried again;
   * cancel the event to keep the element from that.
   */
  error: CustomEvent<{
    code: "unavailable" | "crowded" | "renewal-refused" | "renewal-failed" | "session-unavailable";
    message?: string;
  }>;
}

interface ElementEvents extends Omit<HTMLElementEventMap, keyof PortalEvents>, PortalEvents {}

export interface CustomerPortalElement extends HTMLElement {
  /** Asks the host for a session, at the start if there is no `src`, and before the end of each. May be set at any time. */
  getSession: (() => Session | Promise<Session>) | null;
  /**
   * Go on with a fresh session; without one, ask the host for it. Nothing on the page is lost; if no page is open yet, the
   * session opens it, which takes its link. What fails is an `error` event; the promise is kept either way.
   */
  renew(session?: Session): Promise<void>;
  addEventListener<K extends keyof ElementEvents>(
    type: K,
    listener: (this: CustomerPortalElement, event: ElementEvents[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ElementEvents>(
    type: K,
    listener: (this: CustomerPortalElement, event: ElementEvents[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

export interface MountOptions {
  /** A minted link. Without it, `tokenEndpoint` or `getSession` is asked for one. */
  src?: string;
  /** An address of the host that mints for whoever is signed in: it is sent a POST and answers as the API does. */
  tokenEndpoint?: string;
  getSession?: () => Session | Promise<Session>;
  tab?: Tab;
  range?: "1d" | "7d" | "30d";
  theme?: "light" | "dark" | "system";
  locale?: string;
  /** The frame's name for screen readers. */
  label?: string;
  hideHeader?: boolean;
  /** true for `allow-scripts allow-same-origin allow-downloads`, or words of your own, which need the first two. */
  sandbox?: boolean | string;
  on?: { [K in keyof PortalEvents]?: (event: PortalEvents[K]) => void };
}

/** Puts the portal into an element, or the first one that a selector finds. */
export function mountPortal(target: Element | string, options?: MountOptions): CustomerPortalElement;

declare global {
  interface HTMLElementTagNameMap {
    "customer-portal": CustomerPortalElement;
  }
}
