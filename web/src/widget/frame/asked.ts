// A question that is open: its time, and what is sent about it.
import type { Mode, Reply } from "../wire";
import { open } from "./around";
import { ask, type Refusal } from "./ask";
import { questionView, type Given } from "./question";
import { say, screen, showQuestion, w, working } from "./screen";
import { duration, fill } from "./words";

/** How long before a question's end its visitor is told, in seconds. */
const warnBefore = 30;

/** What the way through the protocol does for a question. */
export interface Way {
  session: string;
  /** Whether the question still belongs to what is going on. */
  current(): boolean;
  /** Does a part of the way, and says what went wrong. */
  attempt(part: () => Promise<void>): void;
  follow(reply: Reply): Promise<void>;
  prefer(mode: Mode): void;
  over(): void;
  close(): void;
}

export function asked(reply: Reply, until: number, missed: boolean, way: Way): void {
  const q = reply.question!;
  let id = reply.id!;
  let warned = false;
  let sent = false;

  const stay = (why: string) => {
    sent = false;
    view.busy(false);
    view.note(why);
  };

  /** Sends something, once; what comes back goes on, or is said beside. */
  const post = (verb: string, body: object, text: string) => {
    if (sent) return;
    sent = true;
    working(text);
    way.attempt(async () => {
      const next = await ask(`challenge/${id}/${verb}`, { session: way.session, ...body }).catch((e: Refusal) => {
        if (e.code !== "network") throw e;
      });
      if (!way.current()) return;
      // What did not arrive can be sent again, and what was not given up is open.
      if (!next) stay(w.network);
      else if (verb === "switch" && next.step === "wait" && !next.id) {
        stay(fill(next.code === "busy" ? w.busy : w.tries, { time: duration(w, next.after || 1) }));
      } else await way.follow(next);
    });
  };

  const more = () =>
    void ask(`challenge/${id}/extend`, { session: way.session }).then(
      (next) => {
        id = next.id || id;
        until = Date.now() + (next.expires || 120) * 1000;
        warned = false;
        view.note(w.longer);
      },
      () => view.note(w.noLonger),
    );

  const view = questionView(q, id, missed, {
    words: w,
    say,
    answer: (given: Given) => post("answer", given, w.working),
    change: (mode: Mode) => {
      way.prefer(mode);
      post("switch", { mode }, w.next);
    },
    more,
    close: way.close,
  });

  const timer = setInterval(() => {
    const left = until - Date.now();
    if (!way.current() || screen.view !== view) return clearInterval(timer);
    if (left <= 0) {
      clearInterval(timer);
      way.over();
    } else if (left <= warnBefore * 1000 && !warned) {
      warned = true;
      view.note(w.soon);
    }
  }, 1000);
  showQuestion(view, q.mode, q.kind);
  open(() => screen.view === view && view.focus());
}
