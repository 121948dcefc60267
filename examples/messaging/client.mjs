// Two people at the messaging door: one types and writes, the other reads and reacts.
// Usage: node client.mjs http://127.0.0.1:9097 UUID=TOKEN UUID=TOKEN
import WebSocket from 'ws';

const [base, ...people] = process.argv.slice(2);
const [anna, ben] = people.map((word, i) => {
  const at = word.indexOf('=');
  return { name: ['anna', 'ben'][i], id: word.slice(0, at), token: word.slice(at + 1) };
});

async function call(who, method, path, body) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${who.token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${read.error}`);
  return read;
}

// A socket that prints all its frames; next(type) is the next one of that type, also if it has come already.
function connect(who) {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws?token=${who.token}`);
  const come = [], wanted = [];
  socket.on('message', data => {
    const frame = JSON.parse(data);
    console.log(`${who.name} <- ${frame.type} ${JSON.stringify(frame.data ?? {})}`);
    const at = wanted.findIndex(one => one.type === frame.type);
    if (at < 0) come.push(frame);
    else wanted.splice(at, 1)[0].take(frame);
  });
  const next = type => new Promise((take, fail) => {
    const at = come.findIndex(frame => frame.type === type);
    if (at >= 0) return take(come.splice(at, 1)[0]);
    wanted.push({ type, take });
    socket.once('error', fail);
    socket.once('close', code => fail(new Error(`closed with ${code}`)));
  });
  const send = frame => socket.send(JSON.stringify(frame));
  const open = new Promise((take, fail) => socket.once('open', take).once('error', fail));
  return { open, next, send, close: () => socket.close() };
}

const talk = await call(anna, 'POST', '/conversations', { type: 'direct', member_ids: [anna.id, ben.id] });
const here = connect(anna), there = connect(ben);
await Promise.all([here.open, there.open]);
for (const one of [here, there]) {
  one.send({ type: 'ping' });
  await one.next('pong');
}

here.send({ type: 'typing.start', conversation_id: talk.id });
await there.next('typing.indicator');
here.send({ type: 'message.send', conversation_id: talk.id, content: 'hello Ben', request_id: 'first' });
const sent = (await here.next('ack')).data;
const got = (await there.next('message.new')).data;
if (got.id !== sent.id) throw new Error('another message came');

there.send({ type: 'message.read', message_id: got.id });
await here.next('message.read');
there.send({ type: 'reaction.add', message_id: got.id, emoji: '👍' });
await here.next('reaction.added');

const [last] = await call(anna, 'GET', `/conversations/${talk.id}/messages`);
console.log(`in the history: "${last.content}", read by ${last.read_by.length}, ${last.reactions[0].emoji}`);
here.close();
there.close();
