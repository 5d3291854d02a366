// Server-sent events with the key in a header, which EventSource cannot send.

import { ApiError, sent } from "./api.js";
import { t } from "./strings.js";

const AGAIN = 2000; // milliseconds until a stream that broke is opened again

/**
 * Calls `onEvent({event, data, id})` for each event until `signal` aborts; `data` is parsed JSON.
 * A stream that breaks is opened again after its last event; one that ends by itself is over, and a refusal is thrown.
 * `options`: method, query, form and body as in api.js. What is no GET is not sent twice: its break is an ApiError.
 */
export async function events(path, onEvent, { signal, method = "GET", ...options } = {}) {
  let last = "";
  for (;;) {
    try {
      const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
      const answer = await sent(method, path, { ...options, signal, headers });
      for await (const event of read(answer.body)) {
        if (event.id) last = event.id;
        onEvent(event);
      }
      return;
    } catch (error) {
      if (signal?.aborted) return;
      const lost = error instanceof ApiError && (error.status === 0 || error.status >= 502);
      if (!lost || method !== "GET") throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      if (signal?.aborted) return;
    }
  }
}

async function* read(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch(broken);
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
  }
}

function broken(error) {
  throw error.name === "AbortError" ? error : new ApiError(0, t("errors.unreachable"));
}

function parsed(block) {
  const event = { event: "message", data: null, id: "" };
  const data = [];
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/.exec(line);
    if (name === "data") data.push(value);
    else if (name === "event" || name === "id") event[name] = value;
  }
  if (!data.length) return null; // a comment: the stream is alive
  event.data = JSON.parse(data.join("\n"));
  return event;
}
