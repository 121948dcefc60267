// Two people at the dinq door: one is away when the other writes, comes, reads and answers.
// Usage: node client.mjs http://127.0.0.1:8083 UUID=TOKEN UUID=TOKEN
import WebSocket from 'ws';

const [base, ...words] = process.argv.slice(2);
const [anna, ben] = words.map(word => {
  const at = word.indexOf('=');
  return { id: word.slice(0, at), token: word.slice(at + 1) };
});
anna.name = 'anna';
ben.name = 'ben';

async function call(who, method, path, body) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${who.token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${read.message}`);
  return read.data;
}

// A device: prints its frames; next(type) is the next one of that type, also if it has come already.
async function connect(who) {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws?token=${who.token}`);
  const come = [], wanted = [];
  socket.on('message', data => {
    const frame = JSON.parse(data);
    console.log(`${who.name} <- ${frame.type} ${JSON.stringify(frame.data)}`);
    const at = wanted.findIndex(one => one.type === frame.type);
    if (at < 0) come.push(frame);
    else wanted.splice(at, 1)[0].take(frame.data);
  });
  await new Promise((open, fail) => socket.once('open', open).once('error', fail));
  const beat = setInterval(() => send('heartbeat'), 30_000);
  socket.once('close', () => clearInterval(beat));
  const next = type => new Promise((take, fail) => {
    const at = come.findIndex(frame => frame.type === type);
    if (at >= 0) return take(come.splice(at, 1)[0].data);
    wanted.push({ type, take });
    socket.once('close', code => fail(new Error(`closed with ${code}`)));
  });
  const send = (type, data) => socket.send(JSON.stringify({ type, data }));
  return { next, send, close: () => socket.close() };
}

const { conversation } = await call(anna, 'POST', '/conversations/private', { receiver_id: ben.id });
const here = await connect(anna);
here.send('message', { conversation_id: conversation.id, message_type: 'text', content: 'hello Ben' });
await here.next('message'); // one's own message is the acknowledgement

const there = await connect(ben);
const missed = await there.next('offline_message');
there.send('read', { conversation_id: conversation.id, message_id: missed.id });
await here.next('read');
there.send('message', { conversation_id: conversation.id, message_type: 'text', content: 'hello Anna' });
const answer = await here.next('message');
console.log(`${answer.content}: answered in ${answer.conversation_id}`);
here.close();
there.close();
