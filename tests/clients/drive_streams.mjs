// Reads a stream of server-sent events with Node's fetch, as drive_streams.py does with its clients:
// `drive_streams.mjs URL [LAST]`.
import { setTimeout as sleep } from "node:timers/promises";

const [url, last] = process.argv.slice(2);
const seen = [];
let [id, pause, begun, over] = ["", 5000, 0, false];

function note(kind, record) {
  seen.push([kind, record.id ?? null, record.version]);
  console.error(`${record.id} ${record.version}`);
  if (last && record.id === last && record.ended_at !== null) over = true;
}

function dispatch(event) {
  const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
  id = fields.id ?? id;
  pause = Number(fields.retry ?? pause);
  if (fields.data === undefined) return;
  const told = JSON.parse(fields.data);
  for (const record of fields.event === "page" ? told.jobs : [told]) note(fields.event ?? "message", record);
}

async function read() {
  const known = id ? { "Last-Event-ID": id } : {};
  const headers = { Accept: "text/event-stream", Authorization: `Bearer ${process.env.TOKEN}`, ...known };
  const answer = await fetch(url, { headers });
  over = answer.status === 204;
  if (over) return;
  if (answer.status !== 200) {
    console.error(`answered ${answer.status}`);
    process.exit(1);
  }
  begun += 1;
  let text = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    const events = (text + piece).split("\n\n");
    text = events.pop();
    events.forEach(dispatch);
    if (over) return;
  }
}

while (!over) {
  await read().catch((error) => console.error(error.cause?.code ?? error.message));
  if (!over) await sleep(pause);
}
console.log(JSON.stringify({ seen, begun }));
