// What the clients here share: who they are, REST calls, and a socket that prints its frames as they come.
import WebSocket from 'ws';

// Of words like anna=TOKEN; `names` are shown in place of ids that nobody can read.
export function people(words, names = []) {
  return words.map((word, i) => {
    const at = word.indexOf('=');
    const id = word.slice(0, at);
    return { id, name: names[i] ?? id, token: word.slice(at + 1) };
  });
}

// JSON to and fro.
export async function call(who, method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${who.token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(read)}`);
  return read;
}

// next(type) is what the next frame of that type says, also if it has come already; `inside` is where that stands in it.
export function connect(who, url, inside) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  const come = [], wanted = [];
  socket.on('message', data => {
    const frame = JSON.parse(data);
    console.log(`${who.name} <- ${frame.type} ${JSON.stringify(inside(frame) ?? {})}`);
    const at = wanted.findIndex(one => one.type === frame.type);
    if (at < 0) come.push(frame);
    else wanted.splice(at, 1)[0].take(inside(frame));
  });
  const next = type => new Promise((take, fail) => {
    const at = come.findIndex(frame => frame.type === type);
    if (at >= 0) return take(inside(come.splice(at, 1)[0]));
    wanted.push({ type, take });
    socket.once('error', fail);
    socket.once('close', code => fail(new Error(`closed with ${code}`)));
  });
  const open = new Promise((take, fail) => socket.once('open', take).once('error', fail));
  return { socket, open, next, send: frame => socket.send(JSON.stringify(frame)), close: () => socket.close() };
}
