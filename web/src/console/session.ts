// Who uses the page. A session that ends leaves the screen standing: the login is
// asked for on top of it.
import { ask, onExpired, ProblemError } from "./api";
import { store, useStore } from "./store";
import type { ProblemDoc, Role, Session } from "./types";

export interface SessionState extends Session {
  role: Role;
  /** Nothing is known before the first answer. */
  known: boolean;
  /** Somebody was logged in on this page, and is not any more. */
  expired: boolean;
  /** Why nothing is known. */
  problem?: ProblemDoc;
}

const nobody: SessionState = { name: "", role: "", known: false, expired: false };
export const session = store<SessionState>(nobody);

const ranks: Role[] = ["", "viewer", "operator", "admin"];
export const may = (have: Role, need: Role) => ranks.indexOf(have) >= ranks.indexOf(need);

function took(doc: Session) {
  const was = session.get();
  const gone = doc.name === "" && (was.name !== "" || was.expired);
  session.set({ ...doc, role: doc.role ?? "", known: true, expired: gone });
}

/** Asks who is logged in. */
export async function refresh(): Promise<void> {
  try {
    took((await ask<Session>("GET", "session")).data);
  } catch (e) {
    if (!(e instanceof ProblemError)) throw e;
    session.patch({ problem: e.problem });
  }
}

/** Logs in; throws a ProblemError with kind bad-login or too-many. */
export async function login(body: { name: string; password: string } | { token: string }): Promise<void> {
  took((await ask<Session>("POST", "session", { body })).data);
}

export async function logout(): Promise<void> {
  await ask("DELETE", "session");
  session.set({ ...nobody, ways: session.get().ways, build: session.get().build, known: true });
}

let asking: Promise<void> | undefined;
/** Says that an answer was 401: looks again who is logged in, once at a time. */
export function lapse() {
  asking ??= refresh().finally(() => (asking = undefined));
}
onExpired(lapse);

/** Who is logged in, and what they may: can("operator"). */
export function useSession() {
  const s = useStore(session);
  return { ...s, can: (need: Role) => may(s.role, need), login, logout, refresh };
}
