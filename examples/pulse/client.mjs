// Two people at the pulse door: one types and writes, the other reads.
// Usage: node client.mjs http://127.0.0.1:8084 anna=TOKEN ben=TOKEN
import WebSocket from 'ws';

const [base, ...people] = process.argv.slice(2);
const [anna, ben] = people.map(word => {
  const at = word.indexOf('=');
  return { name: word.slice(0, at), token: word.slice(at + 1) };
});

async function call(who, method, path, body) {
  const answer = await fetch(`${base}/api/messages${path}`, {
    method,
    headers: { Authorization: `Bearer ${who.token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${read.error}`);
  return read.data;
}

// A socket that prints all its frames; next(type) is the next one of that type, also if it has come already.
function connect(who) {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws?token=${who.token}`);
  const come = [], wanted = [];
  socket.on('message', data => {
    const frame = JSON.parse(data);
    console.log(`${who.name} <- ${frame.type} ${JSON.stringify(frame.payload)}`);
    const at = wanted.findIndex(one => one.type === frame.type);
    if (at < 0) come.push(frame);
    else wanted.splice(at, 1)[0].take(frame.payload);
  });
  const next = type => new Promise((take, fail) => {
    const at = come.findIndex(frame => frame.type === type);
    if (at >= 0) return take(come.splice(at, 1)[0].payload);
    wanted.push({ type, take });
    socket.once('error', fail);
    socket.once('close', code => fail(new Error(`closed with ${code}`)));
  });
  const send = (type, payload) => socket.send(JSON.stringify({ type, payload }));
  return { next, send, close: () => socket.close() };
}

const talk = await call(anna, 'POST', '/conversations', { type: 'DIRECT', participants: [ben.name] });
const here = connect(anna), there = connect(ben);
await Promise.all([here.next('authenticated'), there.next('authenticated')]);

here.send('typing', { conversation_id: talk.id, is_typing: true });
await there.next('typing');

const sent = await call(anna, 'POST', '', { conversation_id: talk.id, content: `hello ${ben.name}` });
const got = await there.next('message');
if (got.id !== sent.id) throw new Error('another message came');

await call(ben, 'PUT', `/${got.id}/read`);
await here.next('read');
console.log(`${ben.name} has read it`);
here.close();
there.close();
