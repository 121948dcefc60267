// Two people at the echo door: one writes; that it was delivered and read comes back.
// Usage: node client.mjs http://127.0.0.1:8084 UUID=TOKEN UUID=TOKEN
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
  if (!read.success) throw new Error(`${method} ${path}: ${answer.status} ${read.error.code} ${read.message}`);
  return read.data;
}

// A socket that prints all its frames; next(type) is the next one of that type, also if it has come already.
function connect(who, device) {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws?token=${who.token}&device_id=${device}&platform=web`);
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

const talk = await call(anna, 'POST', '/conversations', { conversation_type: 'direct', participant_ids: [ben.id] });
const here = connect(anna, 'laptop'), there = connect(ben, 'phone');
await Promise.all([here.next('connection_ack'), there.next('connection_ack')]);

here.send('typing', { conversation_id: talk.id, is_typing: true });
await there.next('typing');

const content = 'hello Ben';
here.send('send_message', { conversation_id: talk.id, content, message_type: 'text', mentions: [{ user_id: ben.id, offset: 6, length: 3 }] });
const sent = await here.next('message_ack');
const { message } = await there.next('new_message');
if (message.id !== sent.id) throw new Error('another message came');
await here.next('message_delivered');

there.send('read_receipt', { message_id: message.id });
await here.next('message_read');
await call(ben, 'POST', `/messages/${message.id}/reactions`, { reaction_type: '👍' });
await here.next('reaction_added');

const { messages } = await call(anna, 'GET', `/conversations/${talk.id}/messages`);
console.log(`in the history: "${messages[0].content}", ${messages[0].status}`);
here.close();
there.close();
