// Reads an event stream (text/event-stream) from bytes as they come.
export interface Message {
  event: string;
  data: string;
  id: string;
}

/** Takes text in pieces and calls fn for each whole event; beat for a comment. */
export function parser(fn: (m: Message) => void, beat: () => void = () => {}) {
  let rest = "";
  let event = "";
  let data: string[] = [];
  let id = "";
  const line = (text: string) => {
    if (text === "") {
      if (data.length) fn({ event: event || "message", data: data.join("\n"), id });
      event = "";
      data = [];
      return;
    }
    if (text.startsWith(":")) return beat();
    const at = text.indexOf(":");
    const field = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? "" : text.slice(at + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
  };
  return (piece: string) => {
    rest += piece;
    for (;;) {
      const end = rest.search(/[\r\n]/);
      // A \r at the end may be half of \r\n.
      if (end < 0 || (rest[end] === "\r" && end === rest.length - 1)) return;
      const text = rest.slice(0, end);
      rest = rest.slice(end + (rest.startsWith("\r\n", end) ? 2 : 1));
      line(text);
    }
  };
}
