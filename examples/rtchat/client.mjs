// People in one channel of the rtchat door: the first writes, the others get it, the second answers.
// Usage: node client.mjs http://127.0.0.1:8085 anna=TOKEN ben=TOKEN cleo=TOKEN
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { people } from '../people.mjs';

const [base, ...words] = process.argv.slice(2);
const everybody = people(words);
const channel = everybody.map(one => one.name);

async function send(who, content) {
  const answer = await fetch(`${base}/api/messages`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${who.token}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': randomUUID(), // the same one again makes a retry safe
    },
    body: JSON.stringify({ participants: channel, content }),
  });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.json();
}

// A socket gets the messages of all channels of its user; got(id) comes back when that one is there.
async function connect(who) {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws`, { headers: { Authorization: `Bearer ${who.token}` } });
  const there = new Map(), wanted = new Map();
  socket.on('message', data => {
    const message = JSON.parse(data);
    console.log(`${who.name} <- [${message.participants.join(', ')}] ${message.sender}: ${message.content}`);
    there.set(message.id, message);
    wanted.get(message.id)?.(message);
  });
  await new Promise((open, fail) => socket.once('open', open).once('error', fail));
  const got = id => new Promise(take => (there.has(id) ? take(there.get(id)) : wanted.set(id, take)));
  return { got, close: () => socket.close() };
}

const sockets = await Promise.all(everybody.map(connect));
const [first, second] = everybody;

const hello = await send(first, 'hello everybody');
await Promise.all(sockets.slice(1).map(socket => socket.got(hello.id)));

const answer = await send(second, `hello ${first.name}`);
await sockets[0].got(answer.id);

// Saved a moment after it was accepted.
const query = channel.map(name => `participants=${encodeURIComponent(name)}`).join('&');
let history = [];
for (let tries = 0; tries < 100 && !history.some(one => one.id === answer.id); ++tries) {
  const page = await fetch(`${base}/api/messages/get?${query}`, { headers: { Authorization: `Bearer ${first.token}` } });
  if (page.ok) history = await page.json();
  if (page.status === 429 || !page.ok) await new Promise(later => setTimeout(later, 300));
}
for (const one of history.reverse()) console.log(`${one.created_at} ${one.sender}: ${one.content}`);
sockets.forEach(socket => socket.close());
