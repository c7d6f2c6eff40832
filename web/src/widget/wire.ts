// What the page, the frame and the server say to each other.

export type Contract = "daero" | "recaptcha" | "hcaptcha" | "turnstile";
export type Mode = "click" | "text" | "audio";

/** What the page tells its frame first. */
export interface Init {
  contract: Contract;
  sitekey: string;
  theme: "light" | "dark" | "auto";
  size: "normal" | "compact" | "flexible" | "invisible";
  lang: string;
  tabindex: number;
}

/**
 * Who starts a widget: the visitor by a press, the page by a call of which it
 * expects a question at once, or the page when it was opened, which asks nothing
 * before somebody presses.
 */
export type By = "visitor" | "call" | "page";

/** Page to frame. Every message carries the nonce of its widget as `daero`. */
export type ToFrame =
  | ({ do: "init" } & Init)
  | { do: "start"; action: string; cdata: string; seen: boolean; by: By }
  | { do: "reset" }
  | { do: "expired" }
  | { do: "shown" };

/** Frame to page. */
export type ToPage =
  | { is: "hello" }
  | { is: "size"; height: number }
  | { is: "started" } // by the visitor
  | { is: "ask" } // a press of the visitor's is needed
  | { is: "open" } // there is something to do for the visitor
  | { is: "shut"; by: "visitor" | "done" }
  | { is: "token"; token: string; expires: number }
  | { is: "timeout" } // a question's time is over
  | { is: "error"; code: string; reference: string; final: boolean };

/** What the server says, as captcha.Reply has it. */
export interface Reply {
  id?: string;
  step: "work" | "question" | "done" | "wait";
  expires?: number;
  work?: Work;
  question?: Question;
  token?: string;
  after?: number;
  missed?: boolean;
  code?: string;
}

export interface Work {
  n: string;
  x: string;
  t: number;
}

export interface Question {
  mode: Mode;
  kind: string;
  lang: string;
  text: string;
  clicks?: number;
  width?: number;
  height?: number;
  parts: string[];
  modes: Mode[];
}
